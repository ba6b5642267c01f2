"""ResNet50 of torchvision, built, and an image: what the tools that run a model are given."""

import torch
import torchvision

model = torchvision.models.resnet50().eval()
x = torch.zeros(1, 3, 224, 224)
