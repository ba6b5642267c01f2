"""The networks of keras.applications, by the text of `applications/` that defines each."""

TEXTS = {  # the networks that each text defines
    "vgg": ("VGG16", "VGG19"),
    "resnet": ("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
    "mobilenet": ("MobileNet",),
    "mobilenet_v2": ("MobileNetV2",),
    "mobilenet_v3": ("MobileNetV3Small", "MobileNetV3Large"),
    "densenet": ("DenseNet121", "DenseNet169", "DenseNet201"),
    "inception_v3": ("InceptionV3",),
    "inception_resnet_v2": ("InceptionResNetV2",),
    "xception": ("Xception",),
    "efficientnet": tuple(f"EfficientNetB{number}" for number in range(8)),
    "efficientnet_v2": tuple(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    "nasnet": ("NASNetMobile", "NASNetLarge"),
    "convnext": tuple(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
}
NETWORKS = {name: text for text, names in TEXTS.items() for name in names}
