"""Several models that a text makes and binds to no name: equal ones, and those that alone are trained."""

import pytest

from layercalc import Refused, analyze

HEAD = "import gym, keras\nfrom keras.layers import *\n"
AGENT = (
    "class Agent:\n    def __init__(self, n, k=2):\n        self.m = self.net(n, k); self.t = self.net(n, k)\n"
    "    def net(self, n, k):\n        BODY\n"
)
STACK = "m = keras.Sequential([keras.Input((n,)), Dense(4, activation=keras.activations.relu), Dense(k)]); return m"
GRAPH = "i = keras.Input((n,)); x = Dense(4)(i); return keras.Model(i, Dense(k)(keras.ops.relu(x) * 2 + Dense(4)(i)))"
OWN = "m = Own(k); m.build((None, n)); return m"
OWNED = (
    "class Own(keras.Model):\n    def __init__(self, k): super().__init__(); self.d = Dense(k)\n"
    "    def call(self, x): return self.d(x)\n"
)
SPARE = "b = keras.Sequential([keras.Input((n,)), Dense(9)]); m = keras.Sequential([keras.Input((n,)), Dense(k)]); m.compile('adam'); return m"
TRAIN = (
    "def main():\n    env = gym.make('CartPole-v1'); env.seed(1)\n"
    "    agent = Agent(env.observation_space.shape[0], env.action_space.n)\n    for e in range(9):\n"
    "        s = env.reset(); done = False\n        while not done:\n"
    "            s, r, done, _ = env.step(agent.m.predict(s)[0])\nmain()"
)
READ = {
    AGENT.replace("BODY", STACK) + TRAIN: (30, "2 equal models"),
    AGENT.replace("BODY", GRAPH) + TRAIN: (50, "2 equal models"),
    OWNED + AGENT.replace("BODY", OWN) + "def f(): a = Agent(4)\nf()": (10, "2 equal models"),
    AGENT.replace("BODY", SPARE) + TRAIN: (10, "compiled, trained or shown"),
    AGENT.replace("BODY", STACK) + "agents = [Agent(4) for _ in range(3)]": (30, "6 equal models"),
    "def make(n): return keras.Sequential([keras.Input((n,)), Dense(2)])\nmodels = [make(3), make(3)]": (8, "2 equal"),
}


@pytest.mark.parametrize("text", READ)
def test_of_equal_models_one_is_answered_for(text):
    params, told = READ[text]
    report = analyze(HEAD + text)
    assert report["totals"]["params"] == params
    assert any(told in one["detail"] for one in report["warnings"])


REFUSED = {
    AGENT.replace("BODY", STACK) + "def f(): a, b = Agent(4), Agent(5)\nf()": "Agent(n, k=2",
    AGENT.replace("BODY", STACK) + "def f():\n    a = Agent(4); a.t.trainable = False\nf()": "none is bound",
    AGENT.replace("BODY", GRAPH).replace("* 2", "* n") + "def f(): a, b = Agent(4), Agent(5)\nf()": "none is bound",
    AGENT.replace("BODY", SPARE).replace("m.compile('adam')", "n") + "def f(): Agent(4)\nf()": "none is bound",
    "models = [keras.Sequential([keras.Input((3,)), Dense(n)]) for n in (2, 3)]": "none is bound",
}


@pytest.mark.parametrize("text", REFUSED)
def test_models_that_differ_are_told_apart_by_entry(text):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert REFUSED[text] in caught.value.errors[0]["detail"]


SPACES = {
    "gym.make('Pendulum-v1', render_mode='human')": (3, 1, 2.0),
    "gym.make(id='LunarLanderContinuous-v2')": (8, 2, 1.0),
}


@pytest.mark.parametrize("text", SPACES)
def test_the_spaces_of_an_environment_are_those_that_it_documents(text):
    seen, done, most = SPACES[text]
    head = f"import gymnasium as gym\nfrom keras import *\nfrom keras.layers import *\ne = {text}\n"
    body = (
        "i = Input(e.observation_space.shape)\n"
        f"assert e.action_space.high[0] == {most} and e.action_space.low[-1] == -{most}\n"
        "m = Model(i, Dense(e.action_space.shape[0])(i) * e.action_space.high[0])"
    )
    assert analyze(head + body)["totals"]["params"] == (seen + 1) * done


@pytest.mark.parametrize("name", ["Breakout-v0", "CartPole", "CartPole-vx", "mine:CartPole-v1"])
def test_other_environments_are_not_known(name):
    text = f"{HEAD}e = gym.make('{name}')\nm = keras.Sequential([keras.Input((3,)), Dense(e.action_space.n)])"
    with pytest.raises(Refused) as caught:
        analyze(text)
    assert caught.value.errors[0]["line"] == 4
