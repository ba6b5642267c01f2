"""What statements of a text do to its model: followed by Python's rules, refused where nobody can know, or nothing."""

import pytest

from layercalc import Refused, analyze

NET = "net = Sequential([Dense(6, input_shape=(4,), name='a'), Dense(2, name='b')])\n"  # 30 + 14 parameters


def refused(text):
    with pytest.raises(Refused) as caught:
        analyze(text)
    return caught.value.errors


HARMLESS = [
    "cb = ModelCheckpoint('f')\nnet.fit(x, y, callbacks=[cb])\nprint(cb.best)\nnet.fit(x, y, callbacks=[cb])",
    "model_path = os.path.join('a', 'b')\nplanet = find(3)\nname = getattr(args, 'name')",
    "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression()\nmodel.score(x, y)",
    "net.compile(loss='mse', optimizer=Adam(lr=0.1), metrics=['accuracy'])",
    "history = net.fit(x_train, y_train, epochs=3, callbacks=[EarlyStopping(patience=3)])\nplt.plot(history.history['loss'])",
    "net.save('net.h5')\nnet.save_weights('w.h5')\nnet.load_weights('w.h5')",
    "score = net.evaluate(x_test, y_test)\nprint('loss', score[0])\nprint(f'{score[1]:.2f}')",
    "print(net)\nprint(net.summary())\nprint(len(net.layers), net.layers[0].name, net.input_shape)",
    "for layer in net.layers:\n    print(layer.name, layer.output_shape, layer.get_weights()[0].shape)",
    "for i, layer in enumerate(net.layers):\n    print(i, layer.name)",
    "weights = [layer.get_weights() for layer in net.layers]\nnames = [layer.name for layer in net.layers]",
    "keras.utils.plot_model(net, to_file='net.png', show_shapes=True)",
    "y = net.predict(x_test)\ny = (y > 0.5).astype(int)\nacc = np.mean(y == y_test)",
    "y = net(x_test)\nz = net(x_test, training=False).numpy()",
    "for epoch in range(3):\n    net.fit(x, y)\n    for a, b in batches:\n        loss = net.train_on_batch(a, b)\n    print(epoch, loss)",
    "while True:\n    loss = net.train_on_batch(*next(data))\n    if loss < 0.1:\n        break",
    "with open('net.json', 'w') as f:\n    f.write(net.to_json())",
    "with open('x.pkl', 'rb') as f:\n    x, y = pickle.load(f)",
    "try:\n    net.load_weights('w.h5')\nexcept OSError:\n    print('none')",
    "if os.path.exists('w.h5'):\n    net.load_weights('w.h5')\nelse:\n    net.fit(x, y)",
    "if __name__ == '__main__':\n    net.summary()",
    "def train():\n    net.fit(x, y)\n    return net.evaluate(x, y)\nscore = train()",
    "def train(model, data):\n    data = data / 255\n    model.fit(data)\ntrain(net, x)",
    "def show(model):\n    for layer in model.layers:\n        print(layer.name)\nshow(net)\nshow(model=net)",
    "def never():\n    net.pop()",
    "def make():\n    return Sequential([Dense(3)])",
    "class Log(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs):\n        self.model.stop_training = True\nnet.fit(x, y, callbacks=[Log()])",
    "class Net(Model):\n    def call(self, x):\n        return x",
    "x, y = load()\nx = x.reshape(-1, 4)\nx -= x.mean()",
    "n = 3\nn = random_size(n)\nprint(n)",
    "import matplotlib.pyplot as plt\nfrom sklearn.metrics import confusion_matrix\nplt.show()\nprint(confusion_matrix(y, net.predict(x).argmax(1)))",
    "from sklearn.svm import SVC\nclf = SVC()\nclf.fit(x, y)\nprint(clf.score(x, y))",
    "gen = ImageDataGenerator(rescale=1. / 255)\nflow = gen.flow_from_directory('d')\nnet.fit_generator(flow, epochs=2)",
    "opt = tf.keras.optimizers.Adam(1e-3)\nloss_fn = keras.losses.MeanSquaredError()\nnet.compile(opt, loss_fn)",
    "with tf.GradientTape() as tape:\n    loss = loss_fn(y, net(x))\ngrads = tape.gradient(loss, net.trainable_variables)\nopt.apply_gradients(zip(grads, net.trainable_weights))",
    "net.stop_training = True\nnet.optimizer.lr = 0.1\nK.set_value(net.optimizer.lr, 0.01)",
    "K.clear_session()\nnp.random.seed(3)\ntf.random.set_seed(3)\nkeras.utils.set_random_seed(3)",
    "K.set_image_data_format('channels_last')\nK.set_floatx('float32')\nK.set_learning_phase(0)",
    "K.set_image_data_format('channels_first')",
    "os.environ['CUDA_VISIBLE_DEVICES'] = '0'\nos.environ['KERAS_BACKEND'] = 'jax'",
    "try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle",
    "try:\n    from keras.layers import Dense\nexcept ImportError:\n    from tensorflow.keras.layers import Dense\nnet = Sequential([Dense(6, input_dim=4), Dense(2)])",
    "from keras.layers import *\nfrom numpy import *\nnet = Sequential([Dense(6, input_dim=4), Dense(2)])",
    "from helpers import load\nx, y = load()",
    "assert net.output_shape == (None, 2)\nassert net is not None",
    "best = max(range(3), key=lambda n: scores[n])\nscores.sort()\nscores[0] = 1",
    "parser = argparse.ArgumentParser()\nparser.add_argument('--n', type=int)\nargs = parser.parse_args()",
    "h = net.fit(x, y)\nfoo(h.history)\nplot(h.history['loss'])\nprint(h)\ne = h.epoch",
    "def plot(h):\n    plt.plot(h.history['loss'])\nplot(net.fit(x, y))\nh = net.fit(x, y)\nplot(h)",
    "hs = []\nfor _ in range(3):\n    hs.append(net.fit(x, y))\nfor h in hs:\n    plt.plot(h.history['loss'])",
    "class C(Callback):\n    def on_epoch_end(self, *a):\n        self.x = self.model.predict(v)\n        print(self.model.optimizer.lr)\nnet.fit(x, y, callbacks=[C()])",
    "from sklearn.svm import SVC\nclf = SVC()\nclf.fit(x, y)\ny = clf.predict(x)",
    "sc = StandardScaler()\nsc.fit(x)\ndatagen = ImageDataGenerator()\ndatagen.fit(x)",
    "from PIL import Image\nim = Image.open('f').resize((3, 3))\nim.save('g')",
    "import xgboost as xgb\nb = xgb.train(p, d)\nb.predict(x)",
    "labels = ['a', 'b']\nlabels.sort()\nprint(labels)",
    "@tf.function\ndef step(x):\n    return net(x)\nstep(x)",
    "fig, ax = plt.subplots()\nax.plot(history)\nfig.savefig('a.png')",
    "e = net.layers[0]\nw = e.get_weights()[0]\nprint(w.shape)",
    "del x_train, y_train\ngc.collect()",
    "x: int = 3\ny: str\nglobal z\npass\n...\n'text'\n3",
    "i = Input((4,))\nnet = Model(i, Dense(2, name='c')(Dense(6, name='d')(i)))\nfor i in range(9):\n    plt.imshow(a[i])",
    "i = Input((4,))\nnet = Model(i, Dense(2, name='c')(Dense(6, name='d')(i)))\nprint([f(i) for i in range(9)])",
    "x = i = Input((4,))\nnet = Model(i, Dense(2, name='c')(Dense(6, name='d')(i)))\nfor _ in range(9):\n    x = batch()\n    f(x)",
    "x = i = Input((4,))\nnet = Model(i, Dense(2, name='c')(Dense(6, name='d')(i)))\nx = np.zeros((3, 4))\ny = f(x)",
    "async def f():\n    await g()\nasyncio.run(f())",
    "y_prob, y_class = net.predict(x), net.predict_classes(x)",
    "results[0]['params'] = net.count_params()\nresults.append(net.count_params())",
    "tf.config.experimental.set_memory_growth(gpu, True)\ntf.compat.v1.disable_eager_execution()",
    "sess = tf.Session(config=config)\nK.set_session(sess)",
    "model_json = net.to_json()\nyaml = net.to_yaml()\nprint(model_json)",
    "tf.summary.scalar('loss', net.losses[0], step=1)\ntf.summary.graph(net)",
    "import tensorflow_docs as t\np = t.plots.HistoryPlotter()\np.plot({'a': net.fit(x, y)})",
    "i = Input(())\ncalc = Model(i, 2 * i)\nprint(calc(1).numpy(), calc([1.0, 2]))\nnet = net",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_a_statement_that_cannot_bear_on_the_model_has_no_effect(text):
    report = analyze(NET + text)
    assert report["totals"]["params"] == 44
    assert report["outputs"][0]["shape"] == [None, 2]


def test_channels_first_is_of_the_layers_made_after_it():
    text = "K.set_image_data_format('channels_first')\n{}net = Sequential([Input((3, 8, 8)), Conv2D(2, 3)])"
    assert analyze(text.format(""))["outputs"][0]["shape"] == [None, 2, 6, 6]
    again = text.format("K.set_image_data_format('channels_last')\n")
    assert analyze(again)["outputs"][0]["shape"] == [None, 1, 6, 2]
    assert refused("K.set_image_data_format('channels_first')\nConv1D(2, 3, input_shape=(4, 3))")[0]["line"] == 2


@pytest.mark.parametrize("text", ["f(" * 60 + ")" * 60, "y" + " + 1" * 900, "y" + ".z" * 900, "y" + "[0]" * 900])
def test_deep_expressions_are_answered_or_refused_at_their_line(text):
    try:
        assert analyze(f"{NET}x = {text}")["totals"]["params"] == 44
    except Refused as error:
        assert error.errors[0]["line"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "a = []\na.append(a)\nfoo(a)",
        "a = []\nb = [a]\na += b\nprint(a)",
        "a = [1]\n" + "a += a\n" * 40,
        "d = {}\nd['d'] = d\nfoo(d)",
    ],
)
def test_a_list_that_holds_itself_or_doubles_ends(text):
    try:
        assert analyze(NET + text)["totals"]["params"] == 44
    except Refused as error:
        assert error.errors[0]["line"] > 1


# What follows NET, and the parameters of the answer, and those of them that can be trained.
READ = [
    ("net.pop()", 30, 30),
    ("import tensorflow as tf\ntf.assign(net.weights[0], v)\nx = tf.assign_add(net.get_layer('a').kernel, 1.)", 44, 44),
    ("net.add(Dense(3))", 53, 53),
    ("net.trainable = False", 44, 0),
    ("net.trainable = False\nnet.get_layer('a').trainable = True", 44, 0),
    ("net.get_layer('a').trainable = False", 44, 14),
    ("net.layers[0].trainable = False", 44, 14),
    ("net.layers[-1].trainable = False", 44, 30),
    ("net.trainable = False\nnet.trainable = True", 44, 44),
    ("other = net\nother.add(Dense(3))", 53, 53),
    ("a = b = Sequential([Dense(3, input_dim=2)])\nb.add(Dense(1))", 13, 13),
    ("other = Sequential([Dense(3, input_dim=2)])\nfinal = net", 44, 44),
    ("other = Sequential([Dense(3, input_dim=2)])\ndel other", 44, 44),
    ("del net", 44, 44),
    ("stack = [Input((4,)), Dense(3)]\nsame = stack\nsame.append(Dense(5))\nnet = Sequential(stack)", 35, 35),
    ("stack = [Input((4,)), Dense(3)]\nstack += [Dense(5)]\nnet = Sequential(stack)", 35, 35),
    ("n = 4\nn *= 2\nnet = Sequential([Dense(n, input_dim=2)])", 24, 24),
    ("n, m = 4, 2\nn, m = m, n\nnet = Sequential([Dense(n, input_dim=2)])", 6, 6),
    ("units = [4, 2]\nnet = Sequential([Dense(units[0], input_dim=2)])", 12, 12),
    ("Conv = Conv2D\nnet = Sequential([Conv(2, 3, input_shape=(8, 8, 1))])", 20, 20),
    ("Conv2D = SeparableConv2D\nnet = Sequential([Conv2D(2, 3, input_shape=(8, 8, 1))])", 13, 13),
    ("i = Input((4,))\nm = Model(i, Dense(6)(i))\nnet = Model(m.input, Dense(2)(m.output))", 44, 44),
    ("if __name__ == '__main__':\n    net.add(Dense(3))", 53, 53),
    ("with strategy.scope():\n    net = Sequential([Dense(3, input_dim=2)])", 9, 9),
    ("with tf.device('/gpu:0'):\n    net.add(Dense(3))", 53, 53),
    ("sys.exit()\nnet.add(Dense(3))", 44, 44),
    *[
        (
            f"enc = Sequential([Dense(3, input_dim=2)])\nnet = Sequential([Dense(6), Dense(2)])\n{use}\nnet.summary()",
            44,
            44,
        )
        for use in (
            "net(keras.Input((4,)))",
            "y = net(Input((4,)))",
            "net2 = net\nnet(Input((4,)))",
            "net.build((None, 4))\ntd = TimeDistributed(net)",
        )
    ],
    ("net = None\nother = Sequential([Dense(3, input_dim=2)])", 9, 9),
    ("l = LSTM(5)\nl.trainable = False\nnet = Sequential([Input((4, 3)), Bidirectional(l)])", 360, 0),
    ("b = Bidirectional(LSTM(5))\nb.trainable = False\nnet = Sequential([Input((4, 3)), b])", 360, 0),
    ("net.trainable = False\nouter = Sequential([net, Dense(3)])", 53, 9),
    ("a, b = Input((4,)), Input((4,))\nModel([a, b], Concatenate(axis=1)([a, b]))", 0, 0),
    ("a = Input((4, 3))\nx, h, c = LSTM(4, return_state=True)(a)\nModel(a, Dense(2)(x))", 138, 138),
    # by each way that Python has
    ('for _ in range(2):\n    net.add(Dense(2))', 56, 56),
    ('while len(net.layers) > 1:\n    net.pop()', 30, 30),
    ('try:\n    net.pop()\nexcept Exception:\n    pass', 30, 30),
    ("with open('f') as f:\n    net.pop()", 30, 30),
    ('with GradientTape() as tape:\n    net.add(Dense(3))', 53, 53),
    ('[net.add(Dense(6)) for _ in range(2)]', 104, 104),
    ('[net.pop() for _ in range(1)]', 30, 30),
    ('(lambda: net.pop())()', 30, 30),
    ('_ = [layer for layer in net.layers]\n_.pop()', 44, 44),
    ("setattr(net, 'trainable', False)", 44, 0),
    ("setattr(net.layers[0], 'trainable', False)", 44, 14),
    ("getattr(net, 'pop')()", 30, 30),
    ('pop = net.pop\npop()', 30, 30),
    ('add = net.add\nadd(Dense(3))', 53, 53),
    ('for layer in net.layers:\n    layer.trainable = False', 44, 0),
    ('for layer in net.layers[:-1]:\n    layer.trainable = False', 44, 14),
    ('for i, layer in enumerate(net.layers):\n    layer.trainable = i > 1', 44, 0),
    ('print(net.pop())', 30, 30),
    ('history = net.fit(x, y)\nhistory.model.pop()', 30, 30),
    ('history = net.fit(x, y)\nhistory.model.layers[0].trainable = False', 44, 14),
    ('b = net if flag else None', 44, 44),
    ('other = (net)\nother, net = net, other', 44, 44),
    ("f = Model(net.input, net.get_layer('a').output)", 30, 30),
    ('f = Model(net.inputs, Dense(2)(net.output))', 50, 50),
    ('f = Model(net.input, net.layers[0].output)', 30, 30),
    ('raise SystemExit\nnet.pop()', 44, 44),
    ('for m in [net]:\n    m.pop()', 30, 30),
    ('net.history.model.pop()', 30, 30),
    ('importlib.reload(keras)', 44, 44),
    ('change = lambda m=net: m.pop()\nchange()', 30, 30),
    ('def change(m=net):\n    m.pop()\nchange()', 30, 30),
    ('def change(m=net.pop()):\n    pass', 30, 30),
    ('def exit():\n    net.pop()\nexit()', 30, 30),
    ("globals()['net'] = 3", 44, 44),
    ("globals()['net'].pop()", 30, 30),
    ("vars()['net'].pop()", 30, 30),
    ('def change():\n    net.pop()\nchange()', 30, 30),
    ('def change():\n    net.pop()\ndef run():\n    change()\nrun()', 30, 30),
    ('def change(m):\n    m.pop()\nchange(net)', 30, 30),
    ('def change(m):\n    n = m\n    n.pop()\nchange(net)', 30, 30),
    ('def change(m):\n    for layer in m.layers:\n        layer.trainable = False\nchange(net)', 44, 0),
    ('def change(m, n):\n    n.add(Dense(3))\nchange(3, n=net)', 53, 53),
    ('def change(*m):\n    m[0].pop()\nchange(net)', 30, 30),
    ('def change():\n    global net\n    net = None\nchange()', 44, 44),
    ('def make():\n    return Sequential([Dense(3)])\nKerasClassifier(build_fn=make)', 44, 44),
    ('class Change:\n    def run(self):\n        net.pop()\nChange().run()', 30, 30),
    ('class Change:\n    def run(self):\n        net.pop()\nchange = Change()', 44, 44),
    ('class Change:\n    net.pop()', 30, 30),
    ('change = lambda: net.pop()\nchange()', 30, 30),
    ('def print(m):\n    m.pop()\nprint(net)', 30, 30),
    ('def hide():\n    yield net\nother = next(hide())', 44, 44),
    ('K.set_epsilon(1e-3)', 44, 44),
    ("K.set_floatx('float16')", 44, 44),
    ("tf.keras.backend.set_floatx('float64')", 44, 44),
    ('keras.config.set_floatx(kind)', 44, 44),
    ("keras.mixed_precision.set_global_policy('mixed_float16')", 44, 44),
    ('tf.keras.mixed_precision.experimental.set_policy(policy)', 44, 44),
    ("keras.config.set_dtype_policy('bfloat16')", 44, 44),
    ('from keras.backend import set_image_data_format as order\norder(kind)', 44, 44),
    ("f = K.set_image_data_format\nf('channels_first')", 44, 44),
    ("if CHANNELS:\n    K.set_image_data_format('channels_first')", 44, 44),
    ("def order():\n    K.set_image_data_format('channels_first')\norder()", 44, 44),
    ("import os\nos.environ['KERAS_BACKEND'] = 'theano'", 44, 44),
    ("import os\nos.environ.setdefault('KERAS_BACKEND', name)", 44, 44),
    ("import os\nos.environ.update(KERAS_BACKEND='theano')", 44, 44),
    ('keras.layers.Dense = Other', 44, 44),
    ("setattr(keras.layers, 'Dense', Other)", 44, 44),
    ('h = net.fit(x, y)\nm = h.model\nm.pop()', 30, 30),
    ('h = net.fit(x, y)\nm = h.model\nm.trainable = False', 44, 0),
    ('h = net.fit(x, y)\nl = h.model.layers[0]\nl.trainable = False', 44, 14),
    ('m = net.history.model\nm.pop()', 30, 30),
    ('h = net.fit(x, y)\nfor l in h.model.layers:\n    l.trainable = False', 44, 0),
    ('h = net.fit(x, y)\ndef change(h):\n    h.model.trainable = False\nchange(h)', 44, 0),
    ('def run():\n    h = net.fit(x, y)\n    h.model.trainable = False\nrun()', 44, 0),
    ('def f():\n    net.pop()\nx = [f]\nx[0]()', 30, 30),
    ('def f():\n    net.pop()\nx = (f, 3)\nx[0]()', 30, 30),
    ("def f():\n    net.pop()\nx = {'f': [f]}\nx['f'][0]()", 30, 30),
    ('def f():\n    net.pop()\nsteps = [f]\nfor s in steps:\n    s()', 30, 30),
    ('x = [lambda: net.pop()]\nx[0]()', 30, 30),
    ('net = None', 44, 44),
    ('net = 3', 44, 44),
    ('net = []', 44, 44),
    ("K.clear_session()\nn = Sequential([Dense(3, input_dim=2), Dense(4)])\nn.get_layer('dense_1').trainable = False", 25, 9),
    ("def new():\n    K.clear_session()\nnew()\nn = Sequential([Dense(3, input_dim=2), Dense(4)])\nn.get_layer('dense_1').trainable = False", 25, 9),
]  # fmt: skip


# What follows NET, and the line of the cause.
REFUSED = [
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')", 3),
    ('model = make_unet((64, 64, 3))', 2),
    ('best = MyResNet50()', 2),
    ("m = hub.load('resnet')", 2),
    ("backbone = timm.create('x')", 2),
    ("cb = ModelCheckpoint('f')\nnet.fit(x, y, callbacks=[cb])\nfoo(cb)", 4),
    ("cb = ModelCheckpoint('f')\ncbs = [cb]\nnet.fit(x, y, callbacks=cbs)\nunfreeze(cb)", 5),
    ("class U(keras.callbacks.Callback):\n    def on_epoch_begin(self, e, logs=None):\n        getattr(self, 'model').trainable = False\nnet.fit(x, y, callbacks=[U()])", 5),
    ('for _ in range(2):\n    net.pop()', 3),
    ('if SMALL:\n    net.pop()', 2),
    ('if SMALL:\n    pass\nelse:\n    net.pop()', 2),
    ('try:\n    train()\nexcept Exception:\n    net.pop()', 3),
    ('match kind:\n    case 1:\n        net.pop()', 3),
    ('net.layers.pop()', 2),
    ('net.layers.append(Dense(5))', 2),
    ('net._layers.pop()', 2),
    ('net.layers[0].units = 5', 2),
    ('net.layers[-1]._trainable = False', 2),
    ("net.get_layer('a').activation = relu", 2),
    ('net.layers[0].kernel_size = (1, 1)', 2),
    ('del net.layers[-1]', 2),
    ('del net._layers', 2),
    ("delattr(net, 'layers')", 2),
    ("net.__dict__['trainable'] = False", 2),
    ("nets = {'one': net}\nnets['one'].trainable = some", 3),
    ('for layer in net.layers:\n    freeze(layer)', 3),
    ('net.trainable = flag', 2),
    ('net.insert(0, Dense(3))', 2),
    ('net.unknown_method()', 2),
    ('net.fit(x, y, callbacks=[change(net)])', 2),
    ('net.fit(x, y, callbacks=[LambdaCallback(on_epoch_end=lambda e, l: net.pop())])', 2),
    ('prune(net)', 2),
    ('quantized = tfmot.quantize_model(net)', 2),
    ('agent = Agent(model=net)', 2),
    ('agents = [Agent(net)]', 2),
    ('import mylib\nmylib.grow(net)', 3),
    ('from mylib import grow\nnet = grow(net)', 3),
    ('threading.Thread(target=grow, args=(net,)).start()', 2),
    ("net = load_model('net.h5')", 2),
    ("other = load_model('net.h5')", 2),
    ('other = model_from_json(text)', 2),
    ('net = build()', 2),
    ('net = make(3) if BIG else net', 2),
    ('if BIG:\n    net = load()', 2),
    ('from zoo import net', 2),
    ('import net', 2),
    ('for net in nets:\n    net.fit(x, y)', 2),
    ('with build() as net:\n    pass', 2),
    ("other = zoo.build()\nother.compile('adam')", 2),
    ('from zoo import other\nother.fit(x, y, epochs=3)', 2),
    ('other = Net()\nother.summary()', 2),
    ('(net := build())', 2),
    ('base = keras.applications.RegNetX002()', 2),
    ('other = tf.keras.models.Sequential.from_config(config)', 2),
    ('other = keras.Sequential(net.layers[:n])', 2),
    ('wide = WideDeepModel([Dense(3)])', 2),
    ('for epoch in range(3):\n    m = net\n    m.pop()', 4),
    ('for epoch in range(3):\n    use(net)\n    net = None', 3),
    ('if A:\n    m = 3\nelse:\n    m = net', 2),
    ('for layer in net.layers:\n    run(lambda: layer.build(3))', 3),
    ('type(net).add = change', 2),
    ('net.__class__.call = change', 2),
    ('Sequential.add = change', 2),
    ('Dense.units = 3', 2),
    ("mock.patch('keras.layers.Dense', Other).start()", 2),
    ("K.common._IMAGE_DATA_FORMAT = 'channels_first'", 2),
    ('class Change(net.pop()):\n    pass', 2),
    ("base = SqueezeNet(weights='imagenet')", 2),
    ('net.build((None, 8))', 2),
    ("exec('net.pop()')", 2),
    ("eval('net.pop()')", 2),
    ('from helpers import *', 2),
    ('def make():\n    return Sequential([Dense(3)])\nnet = make()', 3),
    ('def make():\n    return Sequential([Dense(3)])\nother = make()', 3),
    ('class Net(Model):\n    pass\nother = Net()', 4),
    ('@register\ndef change():\n    net.pop()', 2),
    ('class Cut(Callback):\n    def on_epoch_end(self, *a):\n        self.model.pop()\nnet.fit(x, y, callbacks=[Cut()])', 5),
    ('keras.layers.Dense.__init__ = init', 2),
    ('h = net.fit(x, y)\nfoo(h.model)', 3),
    ('h = net.fit(x, y)\nfoo(h)', 3),
    ('hs = [net.fit(x, y)]\nfoo(hs)', 3),
    ('foo(net.fit(x, y))', 2),
    ('for _ in range(3):\n    h = net.fit(x, y)\n    m = h.model\n    m.pop()', 5),
    ("cb = ModelCheckpoint('f')\nnet.fit(x, y, callbacks=[cb])\ncb.model.trainable = False", 4),
    ("cb = ModelCheckpoint('f')\ncbs = [cb]\nnet.fit(x, y, callbacks=cbs)\nm = cb.model\nm.trainable = False", 6),
    ("cb = ModelCheckpoint('f')\nnet.fit(x, y, callbacks=[cb])\nfoo(cb.model)", 4),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        self.model.trainable = False\nnet.fit(x, y, callbacks=[C()])', 5),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        self.model.layers[0].trainable = True\nnet.fit(x, y, callbacks=[C()])', 5),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        for l in self.model.layers: l.trainable = False\nnet.fit(x, y, callbacks=[C()])', 5),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        m = self.model; m.trainable = False\nnet.fit(x, y, callbacks=[C()])', 5),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        unfreeze(self.model)\nnet.fit(x, y, callbacks=[C()])', 5),
    ('class C(Callback):\n    def on_epoch_end(self, *a):\n        m = self.model\n        m.pop()\nnet.fit(x, y, callbacks=[C()])', 6),
    ("class C(Callback):\n    def on_epoch_end(self, *a):\n        setattr(self.model.layers[0], 'trainable', False)\nnet.fit(x, y, callbacks=[C()])", 5),
    ('import efficientnet.keras as efn\nmodel = efn.EfficientNetB0()', 3),
    ('from efficientnet.keras import EfficientNetB0\nmodel = EfficientNetB0()', 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.predict(x)", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.save('f')", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.evaluate(x, y)", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.fit(x, y)", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.compile('adam')", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nmodel.summary()", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nprint(len(model.layers))", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nplot_model(model)", 3),
    ("import segmentation_models as sm\nmodel = sm.Unet('resnet34')\nh = model.fit(x, y)", 4),
    ('model = custom_unet((64, 64, 3))\nmodel.predict(x)', 2),
    ("from zoo import build\nmodel = build(3)\nmodel.save('f')", 3),
    ('import x\nx.fit(net)', 3),
    ('trainer.fit(net, data)', 2),
    ('import x\nx.compile(net)', 2),
    ('import x\nx.reset(net)', 3),
    ('import x\nx.export(net)', 3),
    ('e = make()\ne.fit(net)', 3),
    ('def run(m):\n    trainer.fit(m)\nrun(net)', 3),
    ('with tf.device(3) as net.trainable:\n    pass', 2),
    ('outer = Sequential([net])\nnet.pop()', 3),
    ('outer = Sequential([net])\nnet.add(Dense(3))', 3),
    ('i = Input((4,))\no = Model(i, net(i))\nnet.add(Dense(3))', 4),
    ("net.trainable = False\nnet.get_layer('a').trainable = True\nouter = Sequential([net, Dense(3)])", 1),
    ('b = Sequential([Dense(3, input_dim=2)], trainable=False)\nouter = Sequential([b, Dense(2)])', 2),
    ('i = Input((4,))\nb = Model(i, Dense(3)(i), trainable=False)\nouter = Sequential([b, Dense(2)])', 3),
    ("from keras.layers.core import Dense\nn = Sequential([Dense(3, input_dim=2), Dense(4)])\nn.get_layer('dense_1').trainable = False", 4),
    ('a, b = Input((4,)), Input((4,))\nModel(a, concatenate([a, Dense(2)(b)]))', 3),
    ('a = Input((4, 3))\nx = LSTM(4, return_state=True)(a)\nModel(a, Dense(2)(x))', 4),
    ('a = Input((4, 3))\nx = Bidirectional(LSTM(4, return_state=True))(a)\nModel(a, Dense(2)(x))', 4),
    ('a, b = Input((4,)), Input((4,))\nModel([a, b], Concatenate()([a, b], axis=1))', 3),
    ('g = tf.compat.v1.keras.layers.GRU(5)', 2),
    ('from tensorflow.compat.v1.keras.layers import GRU\ng = GRU(5)', 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "params", "trainable"), READ, ids=[text for text, *_ in READ])
def test_a_statement_that_changes_the_model_is_followed(text, params, trainable):
    totals = analyze(NET + text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == (params, trainable)


@pytest.mark.parametrize(("text", "line"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_change_that_nobody_can_know_is_refused_at_its_line(text, line):
    assert refused(NET + text)[0]["line"] == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("n = x_train.shape[1]\nnet = Sequential([Input((n,)), Dense(3)])", 2, "`x_train.shape[1]` of line 1"),
        (NET + "if BIG:\n    print(3)\n    grow(net)", 4, "what grow(), which is not in the text, may have changed"),
        (NET + "net.layers[0].units = 5", 2, "what `net.layers[0].units` may have changed"),
        (NET + "if BIG:\n    net.pop()", 2, "which depends on BIG, which is not in the text"),
        (NET + "other = zoo()\nother.compile()", 2, "`zoo()` of line 2"),
        ("from my import Dense\nSequential([Dense(3)])", 2, "my.Dense, which is not in the text (line 1)"),
        ("i = Input((4,))\nx = Dense(6)(i)\nif DEEP:\n    x = Dense(6)(x)\nModel(i, x)", 3, "DEEP"),
        ("i = Input((4,))\nx = norm(i)\nModel(i, Dense(3)(x))", 2, "norm"),
        ("K.set_floatx(kind)\nSequential([Dense(3, input_dim=2)])", 1, "what set_floatx() has set"),
        (
            "i = Input((4,))\nn = K.int_shape(norm(i))[1] - 1\nModel(i, Dense(n)(i))",
            3,
            "which depends on norm, which is not in the text",
        ),
    ],
)
def test_a_fault_says_where_what_is_missing_comes_from(text, line, words):
    fault = refused(text)[0]
    assert fault["line"] == line
    assert words in fault["detail"]
