"""Recorded programs of which Keras and we say different things: never two numbers. By kind, the seeds of each."""

REFUSED: dict[str, set[int]] = {  # Keras makes a model of it
    "what an unknown member of a layer or model gives, in a condition or as `trainable`": {
        17, 23, 41, 52, 97, 107, 152, 167, 201, 218, 251, 273, 405, 424
    },
    "classes of the author's own, derived from Keras'": {
        7, 16, 21, 50, 117, 148, 183, 241, 257, 385, 440
    },
    "layers of a graph with operations or cut inputs, whose number and order differ between Keras 2 and 3": {
        13, 69, 123, 177, 263, 359
    },
    "an exception that Keras raises in making a layer, and the text catches": {
        205, 354
    },
    "a batch of 3 joined to one that is not known": {
        298
    },
}  # fmt: skip
ANSWERED: dict[str, set[int]] = {  # Keras raises
    "a fault in a layer or model that is no part of the answer": {
        24, 93, 113, 173, 174, 232, 240, 311, 320
    },
    "input or input_shape of a model of the text's own class, which Keras 2 has": {
        188, 296, 297
    },
    "the output of a model whose outputs are a list of one, which Keras 2 gives as a tensor": {
        169
    },
    "TimeDistributed of a model with a Reshape to what is left, of which Keras on NumPy does not infer the shape": {
        387
    },
    "a loop that may not run, with what raises in it": {
        336
    },
}  # fmt: skip
