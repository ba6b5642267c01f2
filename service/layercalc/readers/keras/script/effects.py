"""The names of Keras, Python and their friends, by what a use of them can do to a model: no walking, tables only."""

import re


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KERAS_MODULES = {"keras", "tf_keras", "tensorflow", "keras_core", "tensorflow_core"}  # modules whose layers are Keras'
FOREIGN = words(
    "np numpy pd pandas plt matplotlib sns os sys re math random time json pickle cv2 PIL sklearn scipy torch nn F jnp"
    " jax gym wandb mlflow shutil glob argparse datetime functools itertools collections operator copy logging"
)

# Methods of a model, a layer or a tensor after which it is what it was.
PASSIVE_METHODS = words(
    "compile fit evaluate predict summary save save_weights load_weights fit_generator evaluate_generator"
    " predict_generator train_on_batch test_on_batch predict_on_batch predict_classes predict_proba train_step"
    " test_step predict_step get_weights set_weights get_config to_json to_yaml count_params compute_output_shape"
    " compute_mask reset_states reset_state reset_metrics export plot format as_list get_input_shape_at"
    " get_output_shape_at compute_loss compile_from_config get_compile_config numpy reset"
)
# Attributes that are plain data, so that whatever is done with them leaves the owner as it is.
PASSIVE_ATTRIBUTES = words(
    "name names shape input_shape output_shape dtype history metrics metrics_names loss losses optimizer weights"
    " trainable_weights non_trainable_weights trainable_variables non_trainable_variables variables"
    " stop_training epoch params count __name__ __doc__ built input_names output_names ndim rank units"
    " filters kernel_size strides activation rate kernel bias total_loss updates output_dim input_dim"
)
# Functions that take a model, a layer or a tensor and leave it as it is.
PASSIVE_FUNCTIONS = words(
    "print len type isinstance issubclass str repr id hasattr bool plot_model model_to_dot save_model count_params"
    " print_summary display pprint is_keras_tensor int_shape get_value save_weights load_weights clear_session"
    " get_layer_names export_saved_model save_keras_model layered_view graph_view set_value batch_get_value"
)


# Functions of Keras that give a model which is not in the text.
MODEL_MAKERS = words(
    "load_model model_from_json model_from_yaml model_from_config from_config clone_model clone_and_build_model"
    " load_from_saved_model multi_gpu_model deserialize_keras_object KerasLayer TFSMLayer prune_low_magnitude"
)
# What the names of the networks of keras.applications begin with.
APPLICATIONS = (
    *("VGG", "ResNet", "Inception", "Xception", "MobileNet", "DenseNet", "NASNet", "EfficientNet", "ConvNeXt"),
    *("RegNet", "SqueezeNet"),
)
# Parts of Keras whose functions give data, optimizers, losses and the like.
ASIDE = words(
    "datasets optimizers losses metrics callbacks preprocessing utils np_utils generic_utils vis_utils regularizers"
    " constraints initializers schedules random backend K config mixed_precision saving activations optimizer_v2"
    " wrappers distribute visualize_util data_utils image sequence text objectives"
)
ASIDE_NAMES = words(
    "Adam SGD RMSprop Adagrad Adadelta Adamax Nadam AdamW Ftrl EarlyStopping ModelCheckpoint ReduceLROnPlateau"
    " TensorBoard CSVLogger LearningRateScheduler LambdaCallback History Callback ImageDataGenerator Tokenizer"
    " to_categorical pad_sequences get_file preprocess_input decode_predictions load_img img_to_array array_to_img"
    " text_to_word_sequence one_hot"
)
# How a name that is bound, or what makes it, says that it is a network.
NETWORK = re.compile(
    r"(?:^|_)(?:model|net|network|unet|resnet|backbone)\d*$|(?:[a-z0-9A-Z](?:Net|Model)|^Unet|^UNet|^VGG)(?:[A-Z0-9]\w*)?$"
)
HUBS = {"hub.load", "torch.hub.load"}  # give networks by a name of their own
# What is asked of models only: a name of which it is asked is a model, wherever it came from.
MODEL_METHODS = words(
    "compile summary fit_generator train_on_batch evaluate_generator predict_generator predict_classes get_layer"
    " count_params to_json load_weights save_weights"
)
# How the names of estimators, scalers and data end, for texts without their imports.
PLAIN_NAMES = ("Scaler", "Encoder", "Classifier", "Regressor", "Regression", "Binarizer", "PCA", "KMeans", "SVC", "SVR")
PLAIN_MODULES = words("xgboost lightgbm catboost imblearn statsmodels openpyxl docx seaborn imageio skimage joblib")
FIT_ARGUMENTS = {"epochs", "batch_size", "nb_epoch", "validation_data", "validation_split", "callbacks"}
# What changes a model inside a callback or an agent, where it is `self.model`.
CHANGES = {"add", "pop", "append", "insert", "remove", "extend"}
