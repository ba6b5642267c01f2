"""Code with inputs of strings, and layers that look up what they hold: parameters by hand."""

import pytest

from layercalc import Refused, analyze

HEAD = "import tensorflow as tf\nfrom tensorflow import keras\nfrom keras import *\nfrom keras.layers import *\n"
WORDS = "i = Input((1,), dtype='string')\n"
READ = {
    WORDS + "m = Model(i, Embedding(9, 4)(TextVectorization(9, output_sequence_length=5)(i)))": (36, [None, 5, 4]),
    "i = Input((), dtype=tf.string)\nm = Model(i, Embedding(9, 4)(TextVectorization(9)(i)))": (36, [None, None, 4]),
    "tv = TextVectorization(max_tokens=9, output_sequence_length=5, standardize=lambda t: t, split=lambda t: t)\n"
    "tv.adapt(texts)\nm = Sequential([tv, Embedding(9, 4), Flatten(), Dense(2)])": (36 + 42, [None, 2]),
    "m = Sequential()\nm.add(keras.Input(shape=(1,), dtype=tf.string))\n"
    "m.add(TextVectorization(9, output_mode='tf-idf', pad_to_max_tokens=True)); m.add(Dense(2))": (20, [None, 2]),
    WORDS + "words = ['a', 'b']\nl = StringLookup(vocabulary=words, mask_token=None)\n"
    "m = Model(i, Embedding(len(words) + 1, 4)(l(i)))": (12, [None, 1, 4]),
    WORDS + "l = StringLookup(vocabulary=['a', 'b'], mask_token='', num_oov_indices=2)\n"
    "assert l.get_vocabulary() == ['', '[UNK]', '[UNK]', 'a', 'b']\nassert l.get_vocabulary(False) == ['a', 'b']\n"
    "m = Model(i, Embedding(l.vocabulary_size(), 4)(l(i)))": (20, [None, 1, 4]),
    WORDS + "l = StringLookup()\nl.set_vocabulary(['a', 'b', 'c'])\n"
    "m = Model(i, Embedding(len(l.get_vocabulary()), 4)(l(i)))": (16, [None, 1, 4]),
    WORDS + "m = Model(i, Embedding(9, 4)(StringLookup(vocabulary=df['a'].unique())(i)))": (36, [None, 1, 4]),
    WORDS + "m = Model(i, Embedding(9, 4)(StringLookup(vocabulary='words.txt')(i)))": (36, [None, 1, 4]),
    "a, b = Input((1,), dtype='string'), Input((1,), dtype='int64')\n"
    "m = Model([a, b], Dense(2)(HashedCrossing(6, output_mode='one_hot')((a, b))))": (14, [None, 2]),
    WORDS + "m = Model(i, Dense(2)(tf.keras.layers.experimental.preprocessing.CategoryEncoding(max_tokens=7)(Hashing(7)(i))))":
        (16, [None, 2]),
    "tv = TextVectorization(9, output_sequence_length=5)\nx = tv(['a b', 'c'])\n"
    "m = Sequential([Embedding(9, 4), Flatten(), Dense(2)])\n" + WORDS + "e = Model(i, m(tv(i)))": (78, [None, 2]),
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_code_with_strings_is_read(text):
    report = analyze(HEAD + text)
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == READ[text]


REFUSED = {
    WORDS + "l = StringLookup()\nl.adapt(texts)\nm = Model(i, Embedding(len(l.get_vocabulary()), 4)(l(i)))":
        (8, "the vocabulary that adapt() finds in data"),
    WORDS + "l = StringLookup(output_mode='multi_hot')\nl.adapt(texts)\nm = Model(i, Dense(3)(l(i)))":
        (6, "adapt() finds in data is not known"),
    WORDS + "m = Model(i, Dense(3)(i))": (6, "takes numbers; received strings"),
    WORDS + "m = Model(i, Dense(3)(StringLookup(vocabulary=words(), output_mode='one_hot')(i)))": (6, "words()"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_follows_from_data_is_refused_where_it_decides(text):
    line, told = REFUSED[text]
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert (caught.value.errors[0]["line"], told in caught.value.errors[0]["detail"]) == (line, True)
