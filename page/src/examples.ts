/** Networks to begin with. */
export interface Example {
  name: string;
  about: string;
  text: string;
}

const LENET = `{
  "name": "lenet5",
  "input_shape": [28, 28, 1],
  "layers": [
    {"type": "Conv2D", "filters": 6, "kernel_size": 5, "padding": "same", "activation": "tanh"},
    {"type": "AveragePooling2D", "pool_size": 2},
    {"type": "Conv2D", "filters": 16, "kernel_size": 5, "activation": "tanh"},
    {"type": "AveragePooling2D", "pool_size": 2},
    {"type": "Flatten"},
    {"type": "Dense", "units": 120, "activation": "tanh"},
    {"type": "Dense", "units": 84, "activation": "tanh"},
    {"type": "Dense", "units": 10, "activation": "softmax"}
  ]
}
`;

const TUTORIAL = `from tensorflow import keras
from tensorflow.keras import layers

model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])
`;

const UNET = `import keras
from keras import layers


def double_conv(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)


def down(x, filters):
    skip = double_conv(x, filters)
    return skip, layers.MaxPooling2D(2)(skip)


def up(x, skip, filters):
    x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
    x = layers.Concatenate()([x, skip])
    return double_conv(x, filters)


inputs = keras.Input((128, 128, 3))
s1, x = down(inputs, 32)
s2, x = down(x, 64)
s3, x = down(x, 128)
s4, x = down(x, 256)
x = double_conv(x, 512)
x = up(x, s4, 256)
x = up(x, s3, 128)
x = up(x, s2, 64)
x = up(x, s1, 32)
outputs = layers.Conv2D(3, 1, activation="softmax")(x)
model = keras.Model(inputs, outputs, name="unet")
`;

const RESNET = `import keras

model = keras.applications.ResNet50(weights=None)
`;

const TRANSFORMER = `import keras
from keras import layers


def encoder(x, heads, width):
    attended = layers.MultiHeadAttention(heads, 64 // heads)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    hidden = layers.Dense(width, activation="gelu")(x)
    hidden = layers.Dense(64)(hidden)
    return layers.LayerNormalization()(layers.Add()([x, hidden]))


tokens = keras.Input((128,), dtype="int32", name="tokens")
x = layers.Embedding(10_000, 64)(tokens)
for _ in range(4):
    x = encoder(x, heads=4, width=256)
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(tokens, layers.Dense(2, activation="softmax")(x), name="text_classifier")
`;

const BROKEN = `{
  "name": "does_not_fit",
  "input_shape": [28, 28, 1],
  "layers": [
    {"type": "Conv2D", "filters": 32, "kernel_size": 3, "activation": "relu"},
    {"type": "MaxPooling2D", "pool_size": 2},
    {"type": "Conv2D", "filters": 64, "kernel_size": 15},
    {"type": "Flatten"},
    {"type": "Dense", "units": 10}
  ]
}
`;

export const EXAMPLES: Example[] = [
  { name: "LeNet-5", about: "a stack in JSON", text: LENET },
  { name: "A tutorial's lines", about: "Keras code", text: TUTORIAL },
  { name: "U-Net", about: "functions and skip connections", text: UNET },
  { name: "ResNet50", about: "blocks that fold", text: RESNET },
  { name: "Transformer", about: "an encoder for texts", text: TRANSFORMER },
  { name: "One that does not fit", about: "a fault and its mend", text: BROKEN },
];
