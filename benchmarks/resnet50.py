"""ResNet50 of torchvision, built, and an image: what the tools that run a model are given."""

import torch

try:
    import torchvision
except RuntimeError:  # its own operators are compiled for another build of PyTorch; no classifier calls one
    torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

model = torchvision.models.resnet50().eval()
x = torch.zeros(1, 3, 224, 224)
