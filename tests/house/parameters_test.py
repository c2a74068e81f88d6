"""A rule of the sources that no compiler knows: no function has six parameters or more."""

import pathlib
import unittest

import lizard

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"

MOST_PARAMETERS = 5  # what travels together is one value


def too_many_parameters(text, name="sample.cpp"):
    found = lizard.analyze_file.analyze_source_code(name, text).function_list
    return [function.name for function in found if function.parameter_count > MOST_PARAMETERS]


class TheRuleSees(unittest.TestCase):
    """What reads the sources is no compiler, so that what it must see is tried."""

    def test_functions_of_every_kind(self):
        for sample in (
            "int f(int a, int b, int c, int d, int e, int g) { return a; }",
            "namespace n { void f(int a, int b, int c, int d, int e, std::map<int, int> g) {} }",
            "struct A { A(int a, int b, int c, int d, int e, int f) : x(a) {} int x; };",
            "struct A { void f(int, int, int, int, int, int) const; };\nvoid A::f(int a, int b, int c, int d, int e, int g) const {}",
            "template <class T> auto f(T a, int b, int c, int d, int e, const std::function<void(int, int)>& g = {}) -> T { return a; }",
        ):
            self.assertEqual(len(too_many_parameters(sample)), 1, sample)

    def test_commas_that_part_no_parameters(self):
        for sample in (
            "void f(std::map<int, std::map<int, int>> a, int b, int c, int d, std::function<int(int, int, int)> e) {}",
            "template <class A, class B, class C, class D, class E, class F> void f(A a) {}",
        ):
            self.assertEqual(too_many_parameters(sample), [], sample)


class TheSources(unittest.TestCase):
    def setUp(self):
        self.files = sorted(path for path in SRC.rglob("*") if path.suffix in (".cpp", ".h"))
        self.assertGreater(len(self.files), 200)

    def test_no_function_has_six_parameters(self):
        seen = 0
        for path in self.files:
            text = path.read_text()
            seen += len(lizard.analyze_file.analyze_source_code(str(path), text).function_list)
            self.assertEqual(too_many_parameters(text, str(path)), [], path)
        self.assertGreater(seen, 1500, "the sources were not understood")


if __name__ == "__main__":
    unittest.main()
