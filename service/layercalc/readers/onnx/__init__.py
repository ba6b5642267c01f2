"""ONNX files: the bytes, the messages in them, and the graph that they describe."""
