"""The modules of Keras and TensorFlow, what their members are, and which callees change nothing: tables only."""

import re

from layercalc.layers.keras.functions import operations
from layercalc.readers.keras.script.effects import (
    APPLICATIONS,
    ASIDE,
    ASIDE_NAMES,
    KERAS_MODULES,
    MODEL_MAKERS,
    PASSIVE_FUNCTIONS,
    words,
)
from layercalc.readers.keras.script.functions import ACTIVATIONS, OPS, TF, K, Known
from layercalc.readers.keras.tf_functions import FUNCTIONS

ROOTS = {"tf": "tensorflow", "keras": "keras", "tensorflow": "tensorflow", "tf_keras": "tf_keras"}
BARE = {  # of snippets without imports
    **ROOTS,
    "layers": "keras.layers", "L": "keras.layers", "KL": "keras.layers", "models": "keras.models",
    "K": "keras.backend", "activations": "keras.activations", "initializers": "keras.initializers",
    "regularizers": "keras.regularizers", "constraints": "keras.constraints", "ops": "keras.ops",
    "optimizers": "keras.optimizers", "callbacks": "keras.callbacks", "losses": "keras.losses",
    "np_utils": "keras.utils.np_utils", "mnist": "keras.datasets.mnist", "cifar10": "keras.datasets.cifar10",
    "fashion_mnist": "keras.datasets.fashion_mnist",
}  # fmt: skip
LIBRARIES = {
    "np": "numpy", "numpy": "numpy", "math": "math", "os": "os", "sys": "sys", "itertools": "itertools",
    "functools": "functools", "operator": "operator", "collections": "collections", "argparse": "argparse",
    "plt": "matplotlib.pyplot", "pd": "pandas", "sns": "seaborn", "cv2": "cv2", "random": "random", "time": "time",
    "json": "json", "pickle": "pickle", "re": "re", "gc": "gc", "glob": "glob", "datetime": "datetime",
    "shutil": "shutil", "logging": "logging", "warnings": "warnings", "tqdm": "tqdm", "pprint": "pprint",
}  # fmt: skip
PARTS = words(
    "keras layers models engine training sequential topology backend utils applications activations initializers"
    " regularizers constraints optimizers losses metrics callbacks datasets preprocessing image text sequence ops"
    " python experimental core convolutional normalization pooling recurrent embeddings advanced_activations"
    " merge noise local wrappers convolutional_recurrent nn math config mixed_precision saving random legacy"
    " compat v1 v2 mnist fashion_mnist cifar10 cifar100 boston_housing linalg input_layer functional tensorflow"
    " api src data io train distribute generic_utils np_utils layer_utils training_utils imdb reuters"
)
EXPERIMENTAL = ("layers.experimental", "layers.experimental.preprocessing")  # where TensorFlow 2.3 to 2.5 had some
OF_LAYERS = words(
    "keras layers models engine training sequential topology core convolutional normalization pooling recurrent"
    " embeddings advanced_activations merge noise local wrappers convolutional_recurrent input_layer functional"
    " experimental base_layer"
)
SETTERS = words(
    "set_image_data_format set_image_dim_ordering set_floatx set_learning_phase set_policy set_global_policy"
    " set_dtype_policy set_epsilon set_backend clear_session"
)
CHECKPOINTS = ("tensorflow.train.Checkpoint", "tensorflow.train.CheckpointManager")
KEEPERS = (*(f"{one}()" for one in CHECKPOINTS), "tensorflow.GradientTape()")  # whose methods change no model
OF_VARIABLES = words("assign assign_add assign_sub numpy")  # set and give values alone
PURE_MEMBERS = (
    PASSIVE_FUNCTIONS
    | ASIDE_NAMES
    | words(
        "GradientTape set_seed set_random_seed Session ConfigProto function Variable constant set_session set_verbosity"
        " set_memory_growth disable_eager_execution enable_eager_execution list_physical_devices device name_scope"
        " set_visible_devices convert_to_tensor random_normal random_uniform from_tensor_slices MirroredStrategy"
        " model_to_estimator assign assign_add assign_sub Print"
    )
)
INERT_CLASSES = words(  # classes to derive from that are no part of a model
    "Callback Sequence PyDataset Loss Metric Mean LearningRateSchedule Optimizer Constraint Regularizer Initializer"
    " Module LossScaleOptimizer ModelCheckpoint EarlyStopping TensorBoard LambdaCallback MeanMetricWrapper"
)
INERT_PATHS = (  # how the dotted names of those end that a text derives from, and makes objects of
    ".metrics.Metric", ".losses.Loss", ".callbacks.Callback", ".utils.Sequence", ".utils.PyDataset",
    ".data_utils.Sequence", ".schedules.LearningRateSchedule", "tensorflow.Module",
)  # fmt: skip
DERIVED = {  # public classes of layers that others derive from, in every version
    "RNN": words("LSTM GRU SimpleRNN ConvLSTM1D ConvLSTM2D ConvLSTM3D"),
    "Dropout": words("SpatialDropout1D SpatialDropout2D SpatialDropout3D"),
    "Wrapper": words("TimeDistributed SpectralNormalization"),
}
UNSURE = {  # where versions of Keras differ in it
    "Conv1D": words("Conv1DTranspose DepthwiseConv1D SeparableConv1D"),
    "Conv2D": words("Conv2DTranspose DepthwiseConv2D SeparableConv2D"), "Conv3D": {"Conv3DTranspose"},
    "Attention": {"AdditiveAttention"}, "Wrapper": {"Bidirectional"},
}  # fmt: skip
OWN_LAYERS = {"Layer", "Wrapper", "AbstractRNNCell", "Callback", "Sequence", "Loss", "Metric"}  # to derive from


NETWORKS = words(  # libraries of whole networks and layers for Keras
    "segmentation_models efficientnet tensorflow_hub keras_cv keras_nlp keras_hub transformers kapre autokeras"
    " classification_models keras_unet keras_unet_collection keras_retinanet vit_keras keras_cv_attention_models tfimm"
    " keras_resnet resnest official keras_contrib tensorflow_addons tcn spektral deepctr keras_bert keras_transformer"
    " tensorflow_probability tensorflow_recommenders keras_efficientnet_v2 mrcnn keras_applications swin_transformer"
    " tensorflow_decision_forests timm torchvision keras_vggface"
)
ASIDE_OF_NETWORKS = re.compile(
    "[Tt]okeniz|Processor|[Ff]eatureExtractor|[Pp]reprocess|Config|loss|metric|utils|datasets|optimizers|callbacks|score"
)


def of_network(origin: str) -> bool:
    """Whether what comes of a callee of that dotted name may be a network of another library."""
    return origin.partition(".")[0] in NETWORKS and not ASIDE_OF_NETWORKS.search(origin)


def is_module(name: str) -> bool:
    """Whether a dotted name is one of Keras' or TensorFlow's modules, as far as they are known."""
    parts = name.split(".")
    return parts[0] in KERAS_MODULES and all(part in PARTS for part in parts[1:])


def of_layers(module: str) -> bool:
    """Whether layers and models are members of that module."""
    parts = module.split(".")
    return (parts[-1] in OF_LAYERS and module != "tensorflow.core") or module.endswith(EXPERIMENTAL)


def is_function(path: str) -> bool:
    """Whether a function of that name is one of tensors: of tf, tf.nn, tf.math, keras.ops, keras.activations, K."""
    return operation_of(path) is not None or ".activations." in path


def operation_of(path: str) -> Known | str | None:
    """What a function of tensors is: known by its parameters, or one of the tables "tf" and "ops"; None for others."""
    module, _, last = path.rpartition(".")
    if module.endswith("backend"):
        return K.get(last)
    if module.endswith("activations"):
        return ACTIVATIONS.get(last)
    rest = path.rpartition("keras.ops.")[2] if "keras.ops." in path else ""
    if rest:
        last = rest.rpartition(".")[2]
        return OPS.get(rest) or OPS.get(last) or ("ops" if camel(last) in operations() else None)
    root, _, rest = path.partition(".")
    rest = rest.removeprefix("compat.v1.")
    if root != "tensorflow":
        return None
    return "tf" if rest in FUNCTIONS else TF.get(rest)


def camel(name: str) -> str:
    """`expand_dims` as the class of its operation, `ExpandDims`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def derives_from(kind: str, base: str) -> bool | None:
    """Whether one class of layers is another or derives from it; None where versions of Keras differ, or it is none."""
    if not base or kind in UNSURE.get(base, ()):
        return None
    return kind == base or kind in DERIVED.get(base, ())


def makes_model(name: str) -> bool:
    """Whether a function or class of Keras by this last name gives a model that is not in the text."""
    return name in MODEL_MAKERS or (name.startswith(APPLICATIONS) and name[:1].isupper())


BESIDE = words(  # libraries around Keras that change no model that they are given
    "tensorflow_datasets scikeras keras_tqdm keras_preprocessing tf2onnx onnx onnxmltools keras2onnx tensorflowjs"
    " coremltools shap lime eli5 visualkeras ann_visualizer tf_explain keras_vis vis netron tensorflow_io"
    " tensorflow_docs"
)
BESIDE_NAMES = words(  # of snippets without imports
    "KerasClassifier KerasRegressor WandbCallback TqdmCallback PlotLossesKeras GridSearchCV RandomizedSearchCV KFold"
    " StratifiedKFold cross_val_score cross_val_predict StandardScaler MinMaxScaler LabelEncoder OneHotEncoder"
    " LabelBinarizer train_test_split classification_report confusion_matrix accuracy_score mean_squared_error"
    " mean_absolute_error r2_score roc_curve auc roc_auc_score f1_score precision_score recall_score shuffle"
)


def is_pure(origin: str) -> bool:
    """Whether a callee changes nothing of a model that it is given."""
    parts = origin.split(".")
    if parts[0] in BESIDE or origin in BESIDE_NAMES:
        return True
    if parts[0] == "tensorflow" and parts[1:2] in (["saved_model"], ["summary"]):
        return True
    if parts[0] not in KERAS_MODULES:
        return parts[0] in PASSIVE_FUNCTIONS and len(parts) == 1
    if origin.rpartition(".")[0] in KEEPERS or (origin.startswith(KEEPERS) and parts[-1] in OF_VARIABLES):
        return True
    return parts[-1] in PURE_MEMBERS or any(part in ASIDE for part in parts[1:])


APART = words(  # functions that give drawings and numbers, and nothing of what they are given
    "plot_model model_to_dot GradientTape model_to_estimator cross_val_score cross_val_predict"
)


def is_apart(origin: str) -> bool:
    """Whether what a callee that changes nothing gives leads to no model: a loss, a drawing."""
    parts = origin.split(".")
    if origin.rpartition(".")[0] in KEEPERS or parts[:2] == ["tensorflow_docs", "plots"]:
        return True
    return parts[-1] in APART or parts[-2:-1] in (
        ["losses"],
        ["metrics"],
        ["objectives"],
    )
