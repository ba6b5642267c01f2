"""Classes and functions as public notebooks have them, shortened in sizes alone; counts by hand, beside each."""

import pytest

from layercalc import Refused, analyze

TEXTS = {
    # Embedding 9·3, of which the mask comes to the mean
    """
class MaskedMean(Layer):
    def __init__(self, **kw):
        self.supports_masking = True
        super().__init__(**kw)
    def compute_mask(self, inputs, mask=None):
        return None
    def call(self, x, mask=None):
        if mask is not None:
            mask = K.cast(mask, "float32")
            x = x * K.expand_dims(mask)
            return K.sum(x, axis=1) / K.sum(mask, axis=1, keepdims=True)
        return K.mean(x, axis=1)
i = Input((7,))
m = Model(i, MaskedMean()(Embedding(9, 3, mask_zero=True)(i)))
""": (27, 27, [[None, 3]]),
    # Embedding 100·8, Bidirectional 2·4·6·(8+6+1), W 12 + b 20, Dense 13
    """
class Attention(Layer):
    def __init__(self, step_dim, W_regularizer=None, b_regularizer=None, W_constraint=None, b_constraint=None, bias=True, **kwargs):
        self.supports_masking = True
        self.init = initializers.get('glorot_uniform')
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        self.step_dim = step_dim
        self.features_dim = 0
        super(Attention, self).__init__(**kwargs)
    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight((input_shape[-1],), initializer=self.init, name='{}_W'.format(self.name), regularizer=self.W_regularizer, constraint=self.W_constraint)
        self.features_dim = input_shape[-1]
        if self.bias:
            self.b = self.add_weight((input_shape[1],), initializer='zero', name='{}_b'.format(self.name), regularizer=self.b_regularizer, constraint=self.b_constraint)
        else:
            self.b = None
        self.built = True
    def compute_mask(self, input, input_mask=None):
        return None
    def call(self, x, mask=None):
        features_dim = self.features_dim
        step_dim = self.step_dim
        eij = K.reshape(K.dot(K.reshape(x, (-1, features_dim)), K.reshape(self.W, (features_dim, 1))), (-1, step_dim))
        if self.bias:
            eij += self.b
        eij = K.tanh(eij)
        a = K.exp(eij)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        a = K.expand_dims(a)
        weighted_input = x * a
        return K.sum(weighted_input, axis=1)
    def compute_output_shape(self, input_shape):
        return input_shape[0], self.features_dim
inp = Input(shape=(20,))
x = Embedding(100, 8)(inp)
x = Bidirectional(LSTM(6, return_sequences=True))(x)
x = Attention(20)(x)
x = Dense(1, activation="sigmoid")(x)
model = Model(inputs=inp, outputs=x)
""": (1565, 1565, [[None, 1]]),
    # Dense (784+1)·128, shared
    """
def initialize_base_network():
    input = Input(shape=(28,28,))
    x = Flatten()(input)
    x = Dense(128, activation='relu')(x)
    return Model(inputs=input, outputs=x)
def euclidean_distance(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, K.epsilon()))
def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)
base_network = initialize_base_network()
input_a = Input(shape=(28,28,))
input_b = Input(shape=(28,28,))
vect_output_a = base_network(input_a)
vect_output_b = base_network(input_b)
output = Lambda(euclidean_distance, name="output_layer", output_shape=eucl_dist_output_shape)([vect_output_a, vect_output_b])
model = Model([input_a, input_b], output)
""": (100480, 100480, [[None, 1]]),
    # generator 101·256 + 257·784, critic 785 frozen
    """
class GAN():
    def __init__(self):
        self.img_rows = 28
        self.img_shape = (28, 28, 1)
        optimizer = Adam(0.0002, 0.5)
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(loss='binary_crossentropy', optimizer=optimizer)
        self.generator = self.build_generator()
        z = Input(shape=(100,))
        img = self.generator(z)
        self.discriminator.trainable = False
        validity = self.discriminator(img)
        self.combined = Model(z, validity)
        self.combined.compile(loss='binary_crossentropy', optimizer=optimizer)
    def build_generator(self):
        model = Sequential()
        model.add(Dense(256, input_dim=100))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Dense(np.prod(self.img_shape), activation='tanh'))
        model.add(Reshape(self.img_shape))
        model.summary()
        noise = Input(shape=(100,))
        return Model(noise, model(noise))
    def build_discriminator(self):
        model = Sequential()
        model.add(Flatten(input_shape=self.img_shape))
        model.add(Dense(1, activation='sigmoid'))
        img = Input(shape=self.img_shape)
        return Model(img, model(img))
    def train(self, epochs):
        (X_train, _), (_, _) = mnist.load_data()
        X_train = X_train / 127.5 - 1.
        for epoch in range(epochs):
            d_loss = self.discriminator.train_on_batch(X_train, valid)
if __name__ == '__main__':
    gan = GAN()
    gan.train(epochs=30000)
""": (228129, 227344, [[None, 1]]),
    # Conv 4·4·3·8 + 2·8; Conv 4·4·8·8 + 4·8 of which 16 moving
    """
class InstanceNormalization(tf.keras.layers.Layer):
    def __init__(self, epsilon=1e-5):
        super(InstanceNormalization, self).__init__()
        self.epsilon = epsilon
    def build(self, input_shape):
        self.scale = self.add_weight(name='scale', shape=input_shape[-1:], initializer=tf.random_normal_initializer(1., 0.02), trainable=True)
        self.offset = self.add_weight(name='offset', shape=input_shape[-1:], initializer='zeros', trainable=True)
    def call(self, x):
        mean, variance = tf.nn.moments(x, axes=[1, 2], keepdims=True)
        inv = tf.math.rsqrt(variance + self.epsilon)
        normalized = (x - mean) * inv
        return self.scale * normalized + self.offset
def downsample(filters, size, norm_type='batchnorm', apply_norm=True):
    initializer = tf.random_normal_initializer(0., 0.02)
    result = tf.keras.Sequential()
    result.add(tf.keras.layers.Conv2D(filters, size, strides=2, padding='same', kernel_initializer=initializer, use_bias=False))
    if apply_norm:
        if norm_type.lower() == 'batchnorm':
            result.add(tf.keras.layers.BatchNormalization())
        elif norm_type.lower() == 'instancenorm':
            result.add(InstanceNormalization())
    result.add(tf.keras.layers.LeakyReLU())
    return result
i = tf.keras.layers.Input(shape=[16, 16, 3])
x = downsample(8, 4, "instancenorm")(i)
x = downsample(8, 4)(x)
m = tf.keras.Model(inputs=i, outputs=x)
""": (1456, 1440, [[None, 4, 4, 8]]),
    # Embedding 60·8, GRU on 8 + 16 features: 3·(16·(24+16) + 2·16), Dense 17·60, attention 2·17·16 + 17
    """
class Encoder(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim, enc_units, batch_sz):
        super(Encoder, self).__init__()
        self.batch_sz = batch_sz
        self.enc_units = enc_units
        self.embedding = tf.keras.layers.Embedding(vocab_size, embedding_dim)
        self.gru = tf.keras.layers.GRU(self.enc_units, return_sequences=True, return_state=True, recurrent_initializer='glorot_uniform')
    def call(self, x, hidden):
        x = self.embedding(x)
        output, state = self.gru(x, initial_state=hidden)
        return output, state
    def initialize_hidden_state(self):
        return tf.zeros((self.batch_sz, self.enc_units))
encoder = Encoder(50, 8, 16, 4)
sample_hidden = encoder.initialize_hidden_state()
sample_output, sample_hidden = encoder(tf.zeros((4, 16)), sample_hidden)
print('Encoder output shape:', sample_output.shape)
class BahdanauAttention(tf.keras.layers.Layer):
    def __init__(self, units):
        super(BahdanauAttention, self).__init__()
        self.W1 = tf.keras.layers.Dense(units)
        self.W2 = tf.keras.layers.Dense(units)
        self.V = tf.keras.layers.Dense(1)
    def call(self, query, values):
        query_with_time_axis = tf.expand_dims(query, 1)
        score = self.V(tf.nn.tanh(self.W1(query_with_time_axis) + self.W2(values)))
        attention_weights = tf.nn.softmax(score, axis=1)
        context_vector = attention_weights * values
        context_vector = tf.reduce_sum(context_vector, axis=1)
        return context_vector, attention_weights
attention_layer = BahdanauAttention(10)
attention_result, attention_weights = attention_layer(sample_hidden, sample_output)
class Decoder(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim, dec_units, batch_sz):
        super(Decoder, self).__init__()
        self.embedding = tf.keras.layers.Embedding(vocab_size, embedding_dim)
        self.gru = tf.keras.layers.GRU(dec_units, return_sequences=True, return_state=True)
        self.fc = tf.keras.layers.Dense(vocab_size)
        self.attention = BahdanauAttention(dec_units)
    def call(self, x, hidden, enc_output):
        context_vector, attention_weights = self.attention(hidden, enc_output)
        x = self.embedding(x)
        x = tf.concat([tf.expand_dims(context_vector, 1), x], axis=-1)
        output, state = self.gru(x)
        output = tf.reshape(output, (-1, output.shape[2]))
        x = self.fc(output)
        return x, state, attention_weights
decoder = Decoder(60, 8, 16, 4)
sample_decoder_output, _, _ = decoder(tf.random.uniform((4, 1)), sample_hidden, sample_output)
""": (4077, 4077, [[None, 60], [None, 16], [None, 16, 1]]),
    # 4·17·16
    """
class MultiHeadSelfAttention(layers.Layer):
    def __init__(self, embed_dim, num_heads=8):
        super(MultiHeadSelfAttention, self).__init__()
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        if embed_dim % num_heads != 0:
            raise ValueError("bad")
        self.projection_dim = embed_dim // num_heads
        self.query_dense = layers.Dense(embed_dim)
        self.key_dense = layers.Dense(embed_dim)
        self.value_dense = layers.Dense(embed_dim)
        self.combine_heads = layers.Dense(embed_dim)
    def attention(self, query, key, value):
        score = tf.matmul(query, key, transpose_b=True)
        dim_key = tf.cast(tf.shape(key)[-1], tf.float32)
        scaled_score = score / tf.math.sqrt(dim_key)
        weights = tf.nn.softmax(scaled_score, axis=-1)
        output = tf.matmul(weights, value)
        return output, weights
    def separate_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.projection_dim))
        return tf.transpose(x, perm=[0, 2, 1, 3])
    def call(self, inputs):
        batch_size = tf.shape(inputs)[0]
        query = self.query_dense(inputs)
        key = self.key_dense(inputs)
        value = self.value_dense(inputs)
        query = self.separate_heads(query, batch_size)
        key = self.separate_heads(key, batch_size)
        value = self.separate_heads(value, batch_size)
        attention, weights = self.attention(query, key, value)
        attention = tf.transpose(attention, perm=[0, 2, 1, 3])
        concat_attention = tf.reshape(attention, (batch_size, -1, self.embed_dim))
        output = self.combine_heads(concat_attention)
        return output
i = Input((10, 16))
m = Model(i, MultiHeadSelfAttention(16, 4)(i))
""": (1088, 1088, [[None, None, 16]]),
    # 49·4
    """
class Patches(layers.Layer):
    def __init__(self, patch_size):
        super().__init__()
        self.patch_size = patch_size
    def call(self, images):
        batch_size = tf.shape(images)[0]
        patches = tf.image.extract_patches(images=images, sizes=[1, self.patch_size, self.patch_size, 1], strides=[1, self.patch_size, self.patch_size, 1], rates=[1, 1, 1, 1], padding="VALID")
        patch_dims = patches.shape[-1]
        patches = tf.reshape(patches, [batch_size, -1, patch_dims])
        return patches
i = Input((12, 12, 3))
m = Model(i, Dense(4)(Patches(4)(i)))
""": (196, 196, [[None, None, 4]]),
    # 1·1·4
    """
class ClassToken(layers.Layer):
    def build(self, input_shape):
        w_init = tf.random_normal_initializer()
        self.w = tf.Variable(initial_value=w_init(shape=(1, 1, input_shape[-1]), dtype=tf.float32), trainable=True)
    def call(self, inputs):
        batch_size = tf.shape(inputs)[0]
        hidden_dim = inputs.shape[-1]
        cls = tf.broadcast_to(self.w, [batch_size, 1, hidden_dim])
        cls = tf.cast(cls, dtype=inputs.dtype)
        return tf.concat([cls, inputs], 1)
i = Input((9, 4))
m = Model(i, ClassToken()(i))
""": (4, 4, [[None, 10, 4]]),
    # Conv 7·7·3·8, units of 1216, 1216, 3776 and 4736, Dense 17·10, normalisations 4 a channel
    """
class ResidualUnit(keras.layers.Layer):
    def __init__(self, filters, strides=1, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.main_layers = [
            keras.layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            self.activation,
            keras.layers.Conv2D(filters, 3, strides=1, padding="same", use_bias=False),
            keras.layers.BatchNormalization()]
        self.skip_layers = []
        if strides > 1:
            self.skip_layers = [
                keras.layers.Conv2D(filters, 1, strides=strides, padding="same", use_bias=False),
                keras.layers.BatchNormalization()]
    def call(self, inputs):
        Z = inputs
        for layer in self.main_layers:
            Z = layer(Z)
        skip_Z = inputs
        for layer in self.skip_layers:
            skip_Z = layer(skip_Z)
        return self.activation(Z + skip_Z)
model = keras.models.Sequential()
model.add(keras.layers.Conv2D(8, 7, strides=2, input_shape=[32, 32, 3], padding="same", use_bias=False))
model.add(keras.layers.BatchNormalization())
prev_filters = 8
for filters in [8] * 2 + [16] * 2:
    strides = 1 if filters == prev_filters else 2
    model.add(ResidualUnit(filters, strides=strides))
    prev_filters = filters
model.add(keras.layers.GlobalAvgPool2D())
model.add(keras.layers.Dense(10, activation="softmax"))
""": (12322, 12082, [[None, 10]]),
    # 210 + 930 + 36 + 31
    """
class WideAndDeepModel(keras.models.Model):
    def __init__(self, units=30, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.hidden1 = keras.layers.Dense(units, activation=activation)
        self.hidden2 = keras.layers.Dense(units, activation=activation)
        self.main_output = keras.layers.Dense(1)
        self.aux_output = keras.layers.Dense(1)
    def call(self, inputs):
        input_A, input_B = inputs
        hidden1 = self.hidden1(input_B)
        hidden2 = self.hidden2(hidden1)
        concat = keras.layers.concatenate([input_A, hidden2])
        main_output = self.main_output(concat)
        aux_output = self.aux_output(hidden2)
        return main_output, aux_output
model = WideAndDeepModel(30, activation="relu")
model.build([(None, 5), (None, 6)])
""": (1207, 1207, [[None, 1], [None, 1]]),
    # 9·30 + 31
    """
class MyDense(keras.layers.Layer):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
    def build(self, batch_input_shape):
        self.kernel = self.add_weight(name="kernel", shape=[batch_input_shape[-1], self.units], initializer="glorot_normal")
        self.bias = self.add_weight(name="bias", shape=[self.units], initializer="zeros")
        super().build(batch_input_shape)
    def call(self, X):
        return self.activation(X @ self.kernel + self.bias)
    def compute_output_shape(self, batch_input_shape):
        return tf.TensorShape(batch_input_shape.as_list()[:-1] + [self.units])
    def get_config(self):
        base_config = super().get_config()
        return {**base_config, "units": self.units, "activation": keras.activations.serialize(self.activation)}
model = keras.models.Sequential([MyDense(30, activation="relu", input_shape=[8]), MyDense(1)])
""": (301, 301, [[None, 1]]),
    # 5·2
    """
class AddGaussianNoise(keras.layers.Layer):
    def __init__(self, stddev, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev
    def call(self, X, training=None):
        if training:
            noise = tf.random.normal(tf.shape(X), stddev=self.stddev)
            return X + noise
        else:
            return X
m = keras.Sequential([keras.Input((4,)), AddGaussianNoise(1.0), layers.Dense(2)])
""": (10, 10, [[None, 2]]),
    # nothing
    """
class MyMultiLayer(keras.layers.Layer):
    def call(self, X):
        X1, X2 = X
        return X1 + X2, X1 * X2, X1 / X2
a, b = keras.Input((3,)), keras.Input((3,))
o1, o2, o3 = MyMultiLayer()([a, b])
m = keras.Model([a, b], layers.Concatenate()([o1, o2, o3]))
""": (0, 0, [[None, 9]]),
    # 9·30 + 4·31·30 + 31·8 + 31
    """
class ReconstructingRegressor(keras.models.Model):
    def __init__(self, output_dim, **kwargs):
        super().__init__(**kwargs)
        self.hidden = [keras.layers.Dense(30, activation="selu", kernel_initializer="lecun_normal") for _ in range(5)]
        self.out = keras.layers.Dense(output_dim)
        self.reconstruction_mean = keras.metrics.Mean(name="reconstruction_error")
    def build(self, batch_input_shape):
        n_inputs = batch_input_shape[-1]
        self.reconstruct = keras.layers.Dense(n_inputs)
        self.built = True
    def call(self, inputs, training=None):
        Z = inputs
        for layer in self.hidden:
            Z = layer(Z)
        reconstruction = self.reconstruct(Z)
        self.recon_loss = 0.05 * tf.reduce_mean(tf.square(reconstruction - inputs))
        if training:
            result = self.reconstruction_mean(self.recon_loss)
            self.add_metric(result)
        self.add_loss(self.recon_loss)
        return self.out(Z)
model = ReconstructingRegressor(1)
model(tf.zeros((1, 8)))
""": (4269, 4269, [[None, 1]]),
    # 82·16 + (81·16 + 1)·32
    """
def squash(vectors, axis=-1):
    s_squared_norm = K.sum(K.square(vectors), axis, keepdims=True)
    scale = s_squared_norm / (1 + s_squared_norm) / K.sqrt(s_squared_norm + K.epsilon())
    return scale * vectors
class Length(layers.Layer):
    def call(self, inputs, **kwargs):
        return K.sqrt(K.sum(K.square(inputs), -1) + K.epsilon())
    def compute_output_shape(self, input_shape):
        return input_shape[:-1]
def PrimaryCap(inputs, dim_capsule, n_channels, kernel_size, strides, padding):
    output = layers.Conv2D(filters=dim_capsule*n_channels, kernel_size=kernel_size, strides=strides, padding=padding, name='primarycap_conv2d')(inputs)
    outputs = layers.Reshape(target_shape=[-1, dim_capsule], name='primarycap_reshape')(output)
    return layers.Lambda(squash, name='primarycap_squash')(outputs)
x = layers.Input(shape=(28, 28, 1))
conv1 = layers.Conv2D(filters=16, kernel_size=9, strides=1, padding='valid', activation='relu', name='conv1')(x)
m = Model(x, Length()(PrimaryCap(conv1, 8, 4, 9, 2, 'valid')))
""": (42816, 42816, [[None, 144]]),
    # 4·4·(4 + 2 + 1) and 2·3·(3·(4 + 3) + 2·3)
    """
class BiRNN(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.cell = tf.keras.layers.LSTMCell(4)
        self.rnn = tf.keras.layers.RNN(self.cell, return_sequences=True)
        self.bi = tf.keras.layers.Bidirectional(tf.keras.layers.GRU(3))
    def call(self, x):
        return self.bi(self.rnn(x))
b = BiRNN()
b.build(input_shape=(None, 5, 2))
""": (274, 274, [[None, 6]]),
    # 5·3
    """
class A(layers.Layer):
    def __init__(self):
        super().__init__()
        self.d = Dense(3)
    def build(self, s):
        self.d.build(s)
        self.built = True
    def call(self, x):
        return self.d(x)
m = Sequential([Input((4,)), A()])
""": (15, 15, [[None, 3]]),
    # 5·4, once
    """
d = Dense(4)
class A(layers.Layer):
    def __init__(self, d):
        super().__init__()
        self.d = d
    def call(self, x):
        return self.d(x) + 1
i = Input((4,))
m = Model(i, A(d)(d(i)))
""": (20, 20, [[None, 4]]),
    # 5·4, once
    """
class A(layers.Layer):
    def __init__(self):
        super().__init__()
        self.d = Dense(4)
        self.e = self.d
    def call(self, x):
        return self.d(x) + self.e(x)
m = Sequential([Input((4,)), A()])
""": (20, 20, [[None, 4]]),
    # two layers of one name
    """
class N(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(4, name="x")
        self.e = Dense(4, name="x")
    def call(self, x):
        return self.e(self.d(x))
m = N()
m.build((None, 4))
""": (40, 40, [[None, 4]]),
    # 28·4 + 37·4
    """
class N(keras.Model):
    def __init__(self, n):
        super().__init__()
        self.ls = []
        for i in range(n):
            setattr(self, f"conv{i}", Conv2D(4, 3, padding="same"))
            self.ls.append(getattr(self, f"conv{i}"))
    def call(self, x):
        for i in range(2):
            x = getattr(self, f"conv{i}")(x)
        return x
m = N(2)
m.build(input_shape=(None, 8, 8, 3))
m.summary()
""": (260, 260, [[None, 8, 8, 4]]),
    # 4·4
    """
class N(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(4)
    def call(self, inputs, training=False, scale=2.0):
        return self.d(inputs) * scale
i = Input((3,))
n = N()
m = Model(i, n(i, training=True, scale=3.0))
""": (16, 16, [[None, 4]]),
    # 4·4
    """
class N(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(4)
    def call(self, a, b=None):
        return self.d(a) if b is None else self.d(a) + self.d(b)
i = Input((3,))
j = Input((3,))
n = N()
m = Model([i, j], n(i, b=j))
""": (16, 16, [[None, 4]]),
    # 4·5
    """
def create():
    class Inner(layers.Layer):
        def __init__(self, n):
            super().__init__()
            self.n = n
            self.k = layers.Dense(n)
        def call(self, x):
            return self.k(x)
    i = keras.Input((3,))
    return keras.Model(i, Inner(5)(i))
m = create()
""": (20, 20, [[None, 5]]),
    # 76·4 + 169
    """
model = Sequential()
model.add(Lambda(lambda x: x/127.5 - 1.0, input_shape=(16, 32, 3)))
model.add(Cropping2D(cropping=((5,2),(0,0))))
model.add(Conv2D(4, 5, strides=(2,2), activation="elu"))
model.add(Flatten())
model.add(Dense(1))
""": (473, 473, [[None, 1]]),
    # 5·2
    """
@keras.saving.register_keras_serializable(package="a")
class L(keras.layers.Layer):
    def __init__(self, **kw):
        super().__init__(**kw)
        self.d = layers.Dense(2)
    @tf.function(input_signature=[tf.TensorSpec((None, 4))])
    def call(self, x):
        return self.d(x)
m = Sequential([Input((4,)), L(dynamic=True)])
""": (10, 10, [[None, 2]]),
    # nothing
    """
@tf.keras.utils.register_keras_serializable()
class L(tf.keras.layers.Layer):
    def call(self, x):
        return 2 ** x + x ** 0.5
m = Sequential([Input((4,)), L()])
""": (0, 0, [[None, 4]]),
    # 5·2
    """
class N(Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(2)
    def call(self, inputs):
        return self.d(inputs)
i = Input((4,))
n = N()
o = n(inputs=i)
model = Model(i, o)
""": (10, 10, [[None, 2]]),
    # 5·2
    """
class N(Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(2)
    def call(self, inputs):
        return self.d(inputs)
    def summary(self):
        x = Input((4,))
        m = Model(inputs=[x], outputs=self.call(x))
        return m.summary()
n = N()
n.summary()
""": (10, 10, [[None, 2]]),
    # 15 + 8
    """
class N(Model):
    def __init__(self, base):
        super().__init__()
        self.base = base
        self.base.trainable = False
        self.d = Dense(2)
    def call(self, x):
        f = self.base(x, training=False)
        return self.d(f)
n = N(Sequential([Dense(3, input_shape=(4,))]))
n.build((None, 4))
""": (23, 8, [[None, 2]]),
    # 10 + 9 + 16 + 25
    """
class N(Model):
    def __init__(self):
        super().__init__()
        self.h = [[Dense(2), Dense(3)], (Dense(4), {"a": Dense(5)})]
    def call(self, x):
        for a in self.h[0]:
            x = a(x)
        x = self.h[1][0](x)
        return self.h[1][1]["a"](x)
n = N()
n.build((None, 4))
""": (60, 60, [[None, 5]]),
    # 20 + 20 + 15
    """
class Enc(Layer):
    def __init__(self, n):
        super().__init__()
        self.ls = [Dense(4) for _ in range(n)]
    def call(self, x, training):
        for l in self.ls:
            x = l(x)
        return x
class T(Model):
    def __init__(self):
        super().__init__()
        self.enc = Enc(2)
        self.f = Dense(3)
    def call(self, inp, training=False):
        return self.f(self.enc(inp, training))
t = T()
t(tf.random.uniform((2, 4)), training=False)
""": (55, 55, [[None, 3]]),
    # 4·9·8 + 9·16 + 17·8 + 16
    """
def scaled_dot_product_attention(q, k, v, mask):
    matmul_qk = tf.matmul(q, k, transpose_b=True)
    dk = tf.cast(tf.shape(k)[-1], tf.float32)
    scaled = matmul_qk / tf.math.sqrt(dk)
    if mask is not None:
        scaled += (mask * -1e9)
    w = tf.nn.softmax(scaled, axis=-1)
    return tf.matmul(w, v), w
class MHA(tf.keras.layers.Layer):
    def __init__(self, d_model, num_heads):
        super(MHA, self).__init__()
        self.num_heads = num_heads
        self.d_model = d_model
        assert d_model % self.num_heads == 0
        self.depth = d_model // self.num_heads
        self.wq = tf.keras.layers.Dense(d_model)
        self.wk = tf.keras.layers.Dense(d_model)
        self.wv = tf.keras.layers.Dense(d_model)
        self.dense = tf.keras.layers.Dense(d_model)
    def split_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.depth))
        return tf.transpose(x, perm=[0, 2, 1, 3])
    def call(self, v, k, q, mask):
        batch_size = tf.shape(q)[0]
        q = self.split_heads(self.wq(q), batch_size)
        k = self.split_heads(self.wk(k), batch_size)
        v = self.split_heads(self.wv(v), batch_size)
        s, w = scaled_dot_product_attention(q, k, v, mask)
        s = tf.transpose(s, perm=[0, 2, 1, 3])
        c = tf.reshape(s, (batch_size, -1, self.d_model))
        return self.dense(c), w
def ffn(d, n):
    return tf.keras.Sequential([tf.keras.layers.Dense(n, activation='relu'), tf.keras.layers.Dense(d)])
def get_angles(pos, i, d_model):
    angle_rates = 1 / np.power(10000, (2 * (i//2)) / np.float32(d_model))
    return pos * angle_rates
def positional_encoding(position, d_model):
    angle_rads = get_angles(np.arange(position)[:, np.newaxis], np.arange(d_model)[np.newaxis, :], d_model)
    angle_rads[:, 0::2] = np.sin(angle_rads[:, 0::2])
    pos_encoding = angle_rads[np.newaxis, ...]
    return tf.cast(pos_encoding, dtype=tf.float32)
class EncoderLayer(tf.keras.layers.Layer):
    def __init__(self, d_model, num_heads, dff, rate=0.1):
        super(EncoderLayer, self).__init__()
        self.mha = MHA(d_model, num_heads)
        self.ffn = ffn(d_model, dff)
        self.ln1 = tf.keras.layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = tf.keras.layers.Dropout(rate)
    def call(self, x, training, mask):
        a, _ = self.mha(x, x, x, mask)
        a = self.dropout1(a, training=training)
        return self.ln1(x + self.ffn(a))
l = EncoderLayer(8, 2, 16)
i = tf.keras.Input((5, 8))
m = tf.keras.Model(i, l(i, False, None))
""": (584, 584, [[None, 5, 8]]),
    # 50·8
    """
class Encoder(tf.keras.layers.Layer):
    def __init__(self, n):
        super().__init__()
        self.emb = tf.keras.layers.Embedding(50, 8)
        self.pos_encoding = positional_encoding(20, 8)
    def call(self, x):
        seq_len = tf.shape(x)[1]
        x = self.emb(x)
        x *= tf.math.sqrt(tf.cast(8, tf.float32))
        x += self.pos_encoding[:, :seq_len, :]
        return x
def positional_encoding(position, d_model):
    return tf.cast(np.zeros((1, position, d_model)), dtype=tf.float32)
i = tf.keras.Input((5,))
m = tf.keras.Model(i, Encoder(2)(i))
""": (400, 400, [[None, 5, 8]]),
    # 6·16 + 17
    """
class Critic(tf.keras.Model):
    def __init__(self, state_size, action_size):
        super().__init__()
        self.fc1 = tf.keras.layers.Dense(16, activation='relu')
        self.out = tf.keras.layers.Dense(1)
    def call(self, inputs):
        s, a = inputs
        x = tf.concat([s, a], axis=-1)
        return self.out(self.fc1(x))
c = Critic(3, 2)
c([tf.convert_to_tensor(np.random.rand(1, 3), dtype=tf.float32), tf.convert_to_tensor(np.random.rand(1, 2))])
""": (113, 113, [[None, 1]]),
    # 640 + 258 + 129
    """
class ActorCritic(tf.keras.Model):
    def __init__(self, num_actions: int, num_hidden_units: int):
        super().__init__()
        self.common = layers.Dense(num_hidden_units, activation="relu")
        self.actor = layers.Dense(num_actions)
        self.critic = layers.Dense(1)
    def call(self, inputs: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        x = self.common(inputs)
        return self.actor(x), self.critic(x)
num_actions = 2
model = ActorCritic(num_actions, 128)
model.build((None, 4))
""": (1027, 1027, [[None, 2], [None, 1]]),
    # 320 + 5409·4 + 3·1568 + 9·32 + 1
    """
class VAE(keras.Model):
    def __init__(self, latent=2):
        super().__init__()
        self.encoder = tf.keras.Sequential([
            tf.keras.layers.InputLayer(input_shape=(28, 28, 1)),
            tf.keras.layers.Conv2D(filters=32, kernel_size=3, strides=(2, 2), activation='relu'),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(latent + latent)])
        self.decoder = tf.keras.Sequential([
            tf.keras.layers.InputLayer(input_shape=(latent,)),
            tf.keras.layers.Dense(units=7*7*32, activation=tf.nn.relu),
            tf.keras.layers.Reshape(target_shape=(7, 7, 32)),
            tf.keras.layers.Conv2DTranspose(filters=1, kernel_size=3, strides=1, padding='same')])
    @tf.function
    def sample(self, eps=None):
        if eps is None:
            eps = tf.random.normal(shape=(100, 2))
        return self.decode(eps, apply_sigmoid=True)
    def encode(self, x):
        mean, logvar = tf.split(self.encoder(x), num_or_size_splits=2, axis=1)
        return mean, logvar
    def reparameterize(self, mean, logvar):
        eps = tf.random.normal(shape=mean.shape)
        return eps * tf.exp(logvar * .5) + mean
    def decode(self, z, apply_sigmoid=False):
        logits = self.decoder(z)
        if apply_sigmoid:
            return tf.sigmoid(logits)
        return logits
    def call(self, x):
        m, l = self.encode(x)
        return self.decode(self.reparameterize(m, l))
v = VAE()
v.build((None, 28, 28, 1))
""": (26949, 26949, [[None, 7, 7, 1]]),
    # 40 + 36
    """
inputs = keras.Input((4,))
class MLP(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense_layers = [layers.Dense(u, activation=tf.nn.gelu) for u in units]
        self.dropout_layers = [layers.Dropout(0.1) for _ in units]
    def call(self, x):
        for d, p in zip(self.dense_layers, self.dropout_layers):
            x = p(d(x))
        return x
m = keras.Model(inputs, MLP([8, 4])(inputs))
""": (76, 76, [[None, 4]]),
    # 40 + 145
    """
class Discriminator(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seq = keras.Sequential(name="d")
        self.seq.add(layers.Conv2D(4, 3, input_shape=(8, 8, 1)))
        self.seq.add(layers.Flatten())
        self.seq.add(layers.Dense(1))
    def call(self, x):
        return self.seq(x)
d = Discriminator(name="disc")
d.build((None, 8, 8, 1))
""": (185, 185, [[None, 1]]),
    # 3·3·3·4
    """
class Conv(Layer):
    def __init__(self, filters, kernel_size, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
    def build(self, input_shape):
        _, h, w, c = input_shape
        self.k = self.add_weight(name="k", shape=self.kernel_size + (c, self.filters), initializer="glorot_uniform")
    def call(self, x):
        return K.conv2d(x, self.k, padding="same")
i = Input((8, 8, 3))
m = Model(i, Conv(4, (3, 3))(i))
""": (108, 108, [[None, 8, 8, 4]]),
    # 3·3·3·4
    """
class Conv(Layer):
    def build(self, input_shape):
        self.k = self.add_weight(name="k", shape=(3, 3, input_shape[-1], 4))
    def call(self, x):
        return tf.nn.conv2d(x, self.k, strides=[1, 2, 2, 1], padding="SAME")
i = Input((8, 8, 3))
m = Model(i, Conv()(i))
""": (108, 108, [[None, 4, 4, 4]]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS.items(), ids=range(len(TEXTS)))
def test_what_notebooks_have_is_read(text, expected):
    report = analyze(text)
    shapes = [one["shape"] for one in report["outputs"]]
    assert (report["totals"]["params"], report["totals"]["trainable_params"], shapes) == expected


REFUSED = {
    """
class A(layers.Layer):
    def __init__(self):
        super().__init__()
        self.d = Dense(3)
        self.e = Dense(3)
    def build(self, s):
        self.e.build(s)
    def call(self, x):
        return self.d(x)
m = Sequential([Input((4,)), A()])
""": 'e of A has weights and is not called',
    """
class A(layers.Layer):
    def call(self, x):
        w = self.add_weight(shape=(4, 2))
        return K.dot(x, w)
m = Sequential([Input((4,)), A()])
""": 'make it in `build`',
    """
class A(layers.Layer):
    d = Dense(3)
    def call(self, x):
        return self.d(x)
m = Sequential([Input((4,)), A()])
""": 'no attribute of it',
    """
class A(layers.Layer):
    def build(self, s):
        if FLAG:
            self.w = self.add_weight(shape=(4, 2))
    def call(self, x):
        return x
m = Sequential([Input((4,)), A()])
""": 'FLAG',
    """
class CapsuleLayer(layers.Layer):
    def __init__(self, num_capsule, dim_capsule, routings=3, kernel_initializer='glorot_uniform', **kwargs):
        super(CapsuleLayer, self).__init__(**kwargs)
        self.num_capsule = num_capsule
        self.dim_capsule = dim_capsule
        self.routings = routings
        self.kernel_initializer = initializers.get(kernel_initializer)
    def build(self, input_shape):
        assert len(input_shape) >= 3
        self.input_num_capsule = input_shape[1]
        self.input_dim_capsule = input_shape[2]
        self.W = self.add_weight(shape=[self.num_capsule, self.input_num_capsule, self.dim_capsule, self.input_dim_capsule], initializer=self.kernel_initializer, name='W')
        self.built = True
    def call(self, inputs, training=None):
        inputs_expand = tf.expand_dims(inputs, 1)
        inputs_tiled = tf.tile(inputs_expand, [1, self.num_capsule, 1, 1])
        inputs_tiled = tf.expand_dims(inputs_tiled, 4)
        inputs_hat = tf.map_fn(lambda x: tf.matmul(self.W, x), elems=inputs_tiled)
        return tf.squeeze(inputs_hat, -1)
i = Input((6, 4))
m = Model(i, CapsuleLayer(3, 5)(i))
""": 'tensorflow.map_fn',
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_cannot_be_counted_is_refused(text, told):
    with pytest.raises(Refused) as caught:
        analyze(text)
    assert told in caught.value.errors[0]["detail"]
    assert caught.value.errors[0]["line"] > 1
