"""`verify`: the claims, their errors held against exact arithmetic, counterexamples, and that a fault is found."""

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from command import make_inputs, run, succeed

import sigconv
from sigconv.methods.registry import METHODS
from sigconv.study import claims, modular, verify
from sigconv.study.algebra import Algebra, Value

TRUE = [claim for claim in claims.CLAIMS if claim.true]
FALSE = [claim for claim in claims.CLAIMS if not claim.true]


def test_every_claim_is_as_the_textbooks_say():
    """With no arguments and with each method, every true claim holds and every false one has a counterexample."""
    for method in ("auto", *sigconv.methods()):
        result = sigconv.verify(method=method)
        assert result.ok
        for finding in result.findings:
            assert finding.holds == finding.claim.true
            assert finding.cases == 6
            assert (finding.equal == 6) == finding.claim.true
            assert (finding.counterexample is None) == finding.claim.true


@pytest.mark.parametrize(
    ("statement", "operands", "left", "right"),
    [
        ("same(f ∗ g) = same(g ∗ f)", [[0, 1], [1]], [0, 1], [0]),
        ("f ⋆ g = g ⋆ f", [[0, 1], [1]], [0, 1], [1, 0]),
        ("(f ⋆ g) ⋆ h = f ⋆ (g ⋆ h)", [[1], [1], [0, 1]], [1, 0], [0, 1]),
        ("f ⊛ g = g ⊛ f", [[0, 1], [1]], [0, 1], [1, 0]),
        ("(f ⊛ g) ⊛ h = f ⊛ (g ⊛ h)", [[1], [1], [0, 1]], [1, 0], [0, 1]),
    ],
)
def test_counterexamples_by_hand(statement, operands, left, right):
    """Both sides worked out on paper."""
    (finding,) = [f for f in sigconv.verify().findings if f.claim.statement == statement]
    found = finding.counterexample
    assert [a.tolist() for a in found.operands] == operands
    assert (found.left.tolist(), found.right.tolist()) == (left, right)


@pytest.mark.parametrize("claim", FALSE, ids=lambda c: c.statement)
def test_no_counterexample_is_smaller(claim):
    """With one sample each, single numbers, every claim is true: two in one operand is the least."""
    for numbers in product((-2, -1, 1, 2), repeat=3):
        sides = claim.sides(Algebra((0,)), *(Value(np.array([n])) for n in numbers))
        assert np.array_equal(sides[0].array, sides[1].array)


@pytest.mark.parametrize("method", sigconv.methods())
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_both_sides_keep_their_errors(method, dtype):
    """Associativity and distributivity, each side within its error of the exact value."""
    rng = np.random.default_rng(5)
    f, g, h = (Value(rng.normal(size=n).astype(dtype)) for n in (60, 9, 14))
    algebra = Algebra((0,), method)
    x, y, z = ([Fraction(*v.item().as_integer_ratio()) for v in a.array] for a in (f, g, h))
    wider = [a + b for a, b in zip(y + [0] * 5, z, strict=True)]
    exact = {3: times(times(x, y), z), 4: times(x, wider)}
    for index, values in exact.items():
        for side in claims.CLAIMS[index].sides(algebra, f, g, h):
            distances = [
                abs(Fraction(*a.item().as_integer_ratio()) - b) for a, b in zip(side.array, values, strict=True)
            ]
            assert 0 < max(distances) <= side.error
            assert side.error < 1000 * max(distances) * len(values)


def test_errors_are_carried_on():
    """What an operand may be off by comes out times the sum of the other's magnitudes: by hand."""
    algebra = Algebra((0,))
    exact, off = Value(np.array([1.0, -3.0])), Value(np.array([2.0, 4.0]), 0.5)
    assert algebra.convolve(off, exact).error == pytest.approx(0.5 * 4)
    assert algebra.convolve(exact, off).error == pytest.approx(0.5 * 4)
    assert algebra.convolve(off, off).error == pytest.approx(0.5 * 6 + 0.5 * 6 + 0.25 * 2)
    assert algebra.add(exact, off).error == pytest.approx(0.5)
    assert algebra.flip(off).error == algebra.conjugate(off).error == algebra.shift(off, 2).error == 0.5


def test_a_sum_of_integers_does_not_wrap():
    algebra = Algebra((0,))
    low, high = (Value(np.array([bound])) for bound in (-(2**63), 2**62))
    assert algebra.add(low, high).array.tolist() == [-(2**62)]
    for value in (low, high):
        with pytest.raises(OverflowError, match="a sum does not fit in int64"):
            algebra.add(value, value)


def times(a, b):
    """Convolve lists of exact numbers."""
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for (i, x), (j, y) in product(enumerate(a), enumerate(b)):
        result[i + j] += x * y
    return result


def test_the_transform_modulo_a_prime():
    """It is the sum that defines it, and its inverse undoes it, along any axis."""
    array = np.random.default_rng(6).integers(-(10**12), 10**12, (8, 3))
    root = pow(3, (modular.PRIME - 1) // 8, modular.PRIME)
    wanted = [
        [sum(int(array[n, c]) * pow(root, n * k, modular.PRIME) for n in range(8)) for c in range(3)] for k in range(8)
    ]
    found = modular.transform(array, [8], [0])
    assert found.tolist() == [[value % modular.PRIME for value in row] for row in wanted]
    back = modular.transform(modular.transform(array, [16, 4], [0, 1]), [16, 4], [0, 1], inverse=True)
    assert back[:8, :3].tolist() == (array % modular.PRIME).tolist()
    assert not back[8:].any()
    assert modular.transform(np.array([5]), [1], [0]).tolist() == [5]


def test_a_wrong_method_is_found(monkeypatch):
    """An FFT whose outputs are wrong by 1e-9 breaks the theorem, with a bound that is smaller than that."""
    fft = METHODS["fft"]
    original = type(fft).fill

    def wrong(self, *args):
        original(self, *args)
        *_, outputs, _ = args
        if outputs.dtype.kind == "f":
            outputs[...] += 1e-9

    monkeypatch.setattr(type(fft), "fill", wrong)
    result = sigconv.verify(np.arange(1.0, 9), [1.0, 2.0], method="fft")
    assert not result.ok
    failed = {f.claim.statement for f in result.findings if not f.as_expected}
    assert "f ∗ g = DFT⁻¹(DFT(f) · DFT(g))" in failed
    assert "NOT as it should be: " in result.table()


def test_a_false_claim_that_was_said_to_be_true_is_refuted(monkeypatch):
    """With the smallest counterexample, on arrays where it happens to be true as well."""
    liar = claims.Claim("a lie", "f ⋆ g = g ⋆ f", True, 2, FALSE[1].sides)
    monkeypatch.setattr(verify, "CLAIMS", (*claims.CLAIMS, liar))
    result = sigconv.verify()
    assert [f.claim.name for f in result.findings if not f.as_expected] == ["a lie"]
    assert result.findings[-1].counterexample is not None
    assert "FALSE" in result.table()


def test_on_the_users_arrays():
    """Integers exactly and as floats; floats, complex numbers, channels and banks within their bounds."""
    rng = np.random.default_rng(7)
    integers = sigconv.verify(rng.integers(0, 256, (20, 30), np.uint8), np.array([[1, 0, -1]], np.int8))
    assert integers.ok
    assert all(f.cases <= 1 for f in integers.findings)
    for signal, kernel, axes in [
        (rng.normal(size=500).astype("f4"), rng.normal(size=31).astype("f4"), None),
        (rng.normal(size=50) * (1 + 2j), rng.normal(size=4) * 1j, None),
        (rng.normal(size=(100, 2)), rng.normal(size=9), 0),
        (rng.normal(size=(3, 40)), rng.normal(size=(2, 1, 5)), -1),
        (rng.integers(0, 9, 30), rng.normal(size=3).astype("f2"), None),
        (rng.normal(size=30), None, None),
        (rng.normal(size=50) * 1e300, rng.normal(size=5) * 1e300, None),
        (rng.normal(size=50) * 1e-300, rng.normal(size=5) * 1e-20, None),
        (rng.normal(size=50) * 10.0 ** rng.uniform(-300, 300, 50), rng.normal(size=5) * 1e-323, None),
        (rng.normal(size=50).astype("g") * np.longdouble(2) ** 1000, rng.normal(size=5).astype("g"), None),
        (rng.normal(size=50).astype("f2") * np.float16(1e4), rng.normal(size=5).astype("f2"), None),
        (rng.integers(0, 2, 30).astype(bool), None, None),
    ]:
        result = sigconv.verify(signal, kernel, axes=axes)
        assert result.ok, result.table()
        assert all(f.difference > 0 for f in result.findings if f.claim.name == "correlation commutes")


def test_a_claim_that_says_nothing_about_the_arrays():
    """Where neither contains the other there is no `valid`, and the table says so."""
    finding = sigconv.verify(np.ones((5, 2)), np.ones((2, 5))).findings[1]
    assert finding.claim.statement.startswith("valid")
    assert (finding.difference, finding.allowed) == (0.0, 0.0)
    assert "-  true" in sigconv.verify(np.ones((5, 2)), np.ones((2, 5))).table()


def test_the_result_is_text_json_and_html():
    result = sigconv.verify()
    document = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert document["ok"] is True
    assert [c["statement"] for c in document["claims"]] == [c.statement for c in claims.CLAIMS]
    assert document["claims"][2]["counterexample"] == {"f": [0, 1], "g": [1], "left": [0, 1], "right": [0]}
    for text in (str(result), result._repr_html_()):
        assert all(claim.statement in text for claim in claims.CLAIMS)
        assert "for f = [0 1], g = [1] the left side is [0 1], the right side [0]" in text


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"signal": 3.0, "kernel": 2.0}, "at least one"),
        ({"kernel": [1]}, "give one, or nothing"),
        ({"signal": [1.0, np.nan]}, "finite"),
        ({"signal": np.array([1, 2], object)}, "arrays of numbers"),
        ({"signal": [2**63]}, "fit in int64"),
        ({"signal": np.ones((0, 2)), "kernel": np.ones(2), "axes": 1}, "give a part of it"),
        ({"signal": np.ones(5), "method": "quick"}, "overlap-add"),
        ({"signal": np.ones((5, 5)), "kernel": np.ones(3)}, "axes"),
        ({"signal": [2**62, 1], "kernel": [1], "third": [2**62]}, "does not fit in int64"),
    ],
)
def test_refusals(arguments, fragment):
    with pytest.raises(sigconv.SigconvError, match=fragment):
        sigconv.verify(**arguments)


def test_the_command(tmp_path):
    pytest.importorskip("typer")
    made = make_inputs(tmp_path)
    assert "Every true claim holds" in succeed("verify", folder=tmp_path)
    document = json.loads(succeed("verify", made / "grey.png", "sobel-x", "--json", folder=tmp_path))
    assert document["ok"] is True
    assert document["operands"].startswith("f 30×40")
    told = succeed("verify", made / "stereo.wav", "box:4", "--method", "overlap-add", folder=tmp_path)
    assert told.startswith("f 2000×2 float")
    done = run("verify", made / "nothing.wav", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_the_command_fails_where_a_claim_does(monkeypatch):
    """Exit status 1, with the table printed all the same."""
    testing = pytest.importorskip("typer.testing")
    from sigconv.cli.commands import app

    monkeypatch.setattr(verify, "CLAIMS", (claims.Claim("a lie", "f ⋆ g = g ⋆ f", True, 2, FALSE[1].sides),))
    done = testing.CliRunner().invoke(app, ["verify"])
    assert done.exit_code == 1
    assert "FALSE" in done.output


def test_a_difference_beyond_its_bound_is_reported_before_a_larger_one_within():
    found = [(0.5, 1.0), (0.2, 0.1), (0.3, 0.4)]
    assert max(found, key=verify._badness) == (0.2, 0.1)
    assert max(found[::2], key=verify._badness) == (0.5, 1.0)
