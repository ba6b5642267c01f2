"""What the work of this thread came to since it was last set to zero, for whoever keeps count of it."""

import threading


class Effort(threading.local):
    """Layers analysed and FLOPs of forward passes."""

    layers = 0
    flops = 0

    def reset(self) -> None:
        self.layers = self.flops = 0


effort = Effort()
