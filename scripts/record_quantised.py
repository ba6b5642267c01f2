"""Record quantised models as Keras writes them, with the weights that they have: run by hand.

    pip install keras h5py
    KERAS_BACKEND=numpy python scripts/record_quantised.py

writes `tests/data/keras_quantised/models.json.gz` (`to_json()` of each model below in each mode; name, shape, dtype
and trainability of each weight in the order of `model.weights`; parameters) and `int8.keras`.
tests/layers/keras/test_quantisation.py holds ours against them. It is no dependency of the package, and `make test`
does not run it.

Keras does not write that the projections of attention are quantised (`attention`): its weights are those of the model
that the document makes. So are those of GPTQ and AWQ, which leave a float kernel beside the integers where they were
not calibrated, and the document does not tell.
"""

import gzip
import json
from pathlib import Path

import keras
from keras import layers

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras_quantised"


def chain(*made, shape=(7, 6)):
    return keras.Sequential([keras.Input(shape), *made])


def dense():
    return chain(layers.Dense(5, activation="relu"), layers.Dense(4, use_bias=False), layers.LayerNormalization())


def einsum():
    return chain(
        layers.EinsumDense("abc,cde->abde", (7, 2, 3), bias_axes="de"),
        layers.EinsumDense("abde,dec->abc", (7, 5), bias_axes="c"),
        layers.EinsumDense("abc,dc->abd", (7, 4)),
        layers.EinsumDense("abc,cde->abed", (7, 3, 2), bias_axes="ed"),
        layers.EinsumDense("abcd,be->aecd", (9, 3, 2), bias_axes="e"),
    )


def tables():
    x = keras.Input((7,))
    tied, own = layers.ReversibleEmbedding(20, 6, name="tied"), layers.ReversibleEmbedding(9, 5, False, name="own")
    y = layers.Flatten()(layers.Embedding(20, 5)(x))
    one, two = tied(tied(x), reverse=True), own(own(x), reverse=True)
    return keras.Model(x, [layers.Dense(3)(y), one, two])


def nested():
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, name="up"), layers.Dense(6, name="down")], name="inner"
    )
    x = keras.Input((7, 6))
    y = layers.TimeDistributed(inner)(x)
    return keras.Model(x, layers.Conv1D(4, 3)(layers.TimeDistributed(layers.Dense(3))(layers.Add()([x, y]))))


def attention():
    x = keras.Input((7, 6))
    return keras.Model(x, layers.Dense(3)(layers.MultiHeadAttention(2, 4, name="heads")(x, x)))


def adapted():
    model = chain(layers.Dense(5, name="a"), layers.EinsumDense("abc,cde->abde", (7, 2, 3), bias_axes="de", name="b"))
    for layer in model.layers:
        layer.enable_lora(2)
    return model


def table_adapted():
    model = chain(layers.Embedding(20, 6, name="a"), layers.Dense(3), shape=(7,))
    model.layers[0].enable_lora(3)
    return model


def mixed():
    how = {"dtype": "mixed_bfloat16"}
    return chain(
        layers.Dense(5, **how), layers.EinsumDense("abc,cd->abd", (7, 5), bias_axes="d", **how), layers.Dense(2)
    )


def bfloat():
    return chain(layers.Dense(5, dtype="bfloat16"), layers.Dense(3, use_bias=False, dtype="bfloat16"))


def calibrated():
    x = keras.Input((6,), dtype="int32")
    table = layers.Embedding(20, 8, name="table")
    inner = [layers.Dense(12, activation="relu", name="up"), layers.Dense(8, use_bias=False, name="down")]
    heads = layers.EinsumDense("abc,cde->abde", (6, 2, 4), bias_axes="de", name="heads")
    out = layers.EinsumDense("abde,dec->abc", (6, 9), bias_axes="c", name="out")
    block = keras.Sequential([keras.Input((6, 8)), *inner, heads, out], name="block")
    model = keras.Model(x, layers.Dense(11, name="last")(block(table(x))))
    model.get_quantization_layer_structure = lambda mode=None: {
        "pre_block_layers": [table],
        "sequential_blocks": [block],
    }
    return model


class Letters:
    """A tokenizer."""

    def tokenize(self, text):
        return [ord(one) % 20 for one in text]


def sized(kind, **sizes):
    data = {"dataset": ["what is this now", "and what is that"], "tokenizer": Letters()}
    return kind(**data, num_samples=2, sequence_length=6, **sizes)


def of(model):
    return [["/".join(v.path.split("/")[-2:]), list(v.shape), str(v.dtype), v.trainable] for v in model.weights]


def cases():
    """Every model in every mode: its name, itself and what it was quantised by."""
    q = keras.quantizers
    configs = {
        "int8": q.Int8QuantizationConfig,
        "int4": q.Int4QuantizationConfig,
        "int4-3": lambda: q.Int4QuantizationConfig(block_size=3),
        "int4-all": lambda: q.Int4QuantizationConfig(block_size=None),
        "int8-weights": lambda: q.Int8QuantizationConfig(activation_quantizer=None),
        "float8": q.Float8QuantizationConfig,
    }
    for make in (dense, einsum, tables, nested, attention, adapted, table_adapted, mixed, bfloat):
        for tag, config in configs.items():
            if (make, tag) not in ((table_adapted, "float8"), (adapted, "float8"), (attention, "float8")):
                yield f"{make.__name__}/{tag}", make(), config()
    for group in (4, 5, -1):
        for bits in (2, 4, 8):
            yield f"gptq/{bits}/{group}", calibrated(), sized(q.GPTQConfig, weight_bits=bits, group_size=group)
        yield f"awq/4/{group}", calibrated(), sized(q.AWQConfig, group_size=group)


def main() -> None:
    models = {}
    for name, model, config in cases():
        model.quantize(config.mode, config=config)
        document = model.to_json()
        whole = keras.models.model_from_json(document) if name.startswith(("gptq", "awq", "attention")) else model
        weights = of(whole)
        models[name] = {"model": json.loads(document), "weights": weights, "params": whole.count_params()}
        if name == "nested/int8":
            model.save(FOLDER / "int8.keras")
    text = json.dumps(models, separators=(",", ":"))
    (FOLDER / "models.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(len(models), "models")


if __name__ == "__main__":
    main()
