"""Where Nablur is slower than a peer, and which of the project's goals a run misses; in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from report_results import Key, Results

PEERS = {"opencv": "OpenCV", "torch": "PyTorch", "jax": "JAX", "scipy": "SciPy", "numpy": "NumPy"}
WORDS = {"forward": "forward", "forward_backward": "forward and backward", "sigma_only": "forward and ∂L/∂σ"}


@dataclass(frozen=True)
class Goal:
    text: str
    bound: float
    at_most: bool  # else: at least
    unit: str
    value: Callable[[Results, Key], float | None]
    keys: Callable[[Key], bool] = lambda key: True

    def values(self, results: Results) -> list[tuple[Key, float]]:
        """Of every case that the goal is about."""
        cases = [key for key in results.keys("nablur/forward") if self.keys(key)]
        return [(key, value) for key in cases if (value := self.value(results, key)) is not None]

    def is_missed_by(self, value: float) -> bool:
        return value > self.bound if self.at_most else value < self.bound


def at(scalar: str, size: str, sigma: float) -> Callable[[Key], bool]:
    return lambda key: key == Key(scalar, size, sigma)


def to_opencv(results: Results, key: Key) -> float | None:
    return results.ratio("nablur/forward", "opencv/forward", key)


def percent_of_limit(results: Results, key: Key) -> float | None:
    share = results.share_of_limit(key)
    return None if share is None else 100 * share


def backward_to_forward(results: Results, key: Key) -> float | None:
    return results.ratio("nablur/forward_backward", "nablur/forward", key)


def backward_to_opencv(results: Results, key: Key) -> float | None:
    return results.ratio("nablur/forward_backward", "opencv/forward", key)


def speed_over_torch(results: Results, key: Key) -> float | None:
    return results.ratio("torch/forward_backward", "nablur/forward_backward", key)


def speed_of_two_threads(results: Results, key: Key) -> float | None:
    return results.ratio("nablur/forward", "nablur/forward", key, Key(key.scalar, key.size, key.sigma, 2))


TO_OPENCV = {  # by scalar and size: at sigma 1, 3, 10, 30
    ("float", "3840x2160"): (0.40, 0.30, 0.18, 0.12),
    ("float", "1024x1024"): (0.33, 0.24, 0.11, 0.08),
    ("double", "3840x2160"): (0.40, 0.30, 0.09, 0.07),
    ("double", "1024x1024"): (0.33, 0.18, 0.06, 0.05),
}
LIMIT_SHARES = (85.0, 50.0, 65.0, 75.0)  # float, 3840x2160
GOAL_SIGMAS = (1.0, 3.0, 10.0, 30.0)

GOALS = (
    *(
        Goal("Nablur's time ÷ OpenCV's, forward", bound, True, "", to_opencv, at(scalar, size, sigma))
        for (scalar, size), bounds in TO_OPENCV.items()
        for sigma, bound in zip(GOAL_SIGMAS, bounds)
    ),
    *(
        Goal("share of the machine's limit, forward", bound, False, " %", percent_of_limit, at("float", "3840x2160", sigma))
        for sigma, bound in zip(GOAL_SIGMAS, LIMIT_SHARES)
    ),
    Goal("forward and backward ÷ forward", 3.4, True, "", backward_to_forward, lambda key: key.threads == 1),
    Goal(
        "forward and backward ÷ OpenCV's forward",
        1.0,
        True,
        "",
        backward_to_opencv,
        lambda key: key.threads == 1 and key.radius >= 9,
    ),
    Goal(
        "PyTorch's time ÷ Nablur's, forward and backward",
        20.0,
        False,
        "",
        speed_over_torch,
        lambda key: key.threads == 1 and key.samples >= 512 * 512,
    ),
    Goal(
        "one thread's time ÷ two threads', forward",
        1.8,
        False,
        "",
        speed_of_two_threads,
        lambda key: key.threads == 1 and key.radius >= 9 and key.samples >= 1024 * 1024,
    ),
)


def case_in_words(key: Key) -> str:
    return f"{key.scalar}, {key.size.replace('x', '×')}, σ = {key.sigma:g}"


def threads_in_words(key: Key) -> str:
    return "one thread" if key.threads == 1 else f"{key.threads} threads"


def losses(results: Results) -> list[str]:
    """Every case in which a peer is quicker at the same thing."""
    sentences = []
    for peer, name in PEERS.items():
        for what in ("forward", "forward_backward"):
            for key in results.keys(f"{peer}/{what}"):
                ratio = results.ratio(f"nablur/{what}", f"{peer}/{what}", key)
                if ratio is not None and ratio > 1:
                    label = results.label[f"{peer}/{what}", key]
                    case = f"{WORDS[what].capitalize()}, {case_in_words(key)}, {threads_in_words(key)}"
                    by = f"{name} ({label})" if label else name
                    sentences.append(f"{case}: Nablur takes {ratio:.2f} times as long as {by}.")
    return sentences


def missed_goals(results: Results) -> list[str]:
    """A sentence for each goal: the case, or in how many of several it is missed and how far the values reach."""
    sentences = []
    for goal in GOALS:
        values = goal.values(results)
        misses = [(key, value) for key, value in values if goal.is_missed_by(value)]
        if not misses:
            continue
        text = goal.text[0].upper() + goal.text[1:]
        bound = f"the goal is at {'most' if goal.at_most else 'least'} {goal.bound:g}{goal.unit}"
        if len(values) == 1:
            sentences.append(f"{text}, {case_in_words(misses[0][0])}: {misses[0][1]:.3g}{goal.unit}; {bound}.")
        else:
            all_values = sorted(value for _, value in values)
            reach = f"{all_values[0]:.3g} to {all_values[-1]:.3g}{goal.unit}"
            sentences.append(f"{text}: {reach}; {bound}, which {len(misses)} of {len(values)} cases miss.")
    return sentences
