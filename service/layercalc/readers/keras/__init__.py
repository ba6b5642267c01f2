"""What Keras writes: serialized models, nodes, code."""
