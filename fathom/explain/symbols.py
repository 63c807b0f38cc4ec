r"""What the commands of a formula stand for: \alpha is the letter α, \sum the sign ∑, \mathbb{R} the letter ℝ."""

from __future__ import annotations

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
    "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "ell": "ℓ", "infty": "∞", "partial": "∂", "nabla": "∇", "top": "⊤", "bot": "⊥", "emptyset": "∅", "hbar": "ℏ",
}  # fmt: skip
SIGNS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "ll": "≪", "gg": "≫", "sim": "∼",
    "simeq": "≃", "approx": "≈", "equiv": "≡", "propto": "∝", "cdot": "·", "times": "×", "div": "÷", "pm": "±",
    "mp": "∓", "circ": "∘", "bullet": "∙", "star": "⋆", "ast": "∗", "oplus": "⊕", "otimes": "⊗", "odot": "⊙",
    "vee": "∨", "lor": "∨", "wedge": "∧", "land": "∧", "neg": "¬", "lnot": "¬", "forall": "∀", "exists": "∃",
    "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "cup": "∪", "cap": "∩",
    "setminus": "∖", "mid": "∣", "parallel": "∥", "perp": "⊥",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "gets": "←", "mapsto": "↦", "leftrightarrow": "↔",
    "longrightarrow": "⟶", "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "implies": "⟹",
    "iff": "⟺", "uparrow": "↑", "downarrow": "↓",
    "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "colon": ":", "prime": "′",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "lvert": "|",
    "rvert": "|", "vert": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖", "{": "{", "}": "}",
    "&": "&", "%": "%", "$": "$", "#": "#", "_": "_", "bmod": "mod",
}  # fmt: skip
BIG = {
    "sum": "∑", "prod": "∏", "int": "∫", "iint": "∬", "oint": "∮", "bigcup": "⋃", "bigcap": "⋂",
    "bigoplus": "⨁", "bigotimes": "⨂", "bigvee": "⋁", "bigwedge": "⋀",
}  # fmt: skip
NAMED = (
    "log", "exp", "sin", "cos", "tan", "cot", "tanh", "sinh", "cosh", "max", "min", "sup", "inf", "lim", "arg",
    "det", "dim", "ker", "gcd", "deg", "Pr", "ln", "lg", "sgn", "arctan", "arcsin", "arccos",
)  # fmt: skip
LIMITS = (
    "max",
    "min",
    "sup",
    "inf",
    "lim",
    "det",
    "gcd",
    "Pr",
    "argmax",
    "argmin",
)  # their foot goes below
SPACES = {
    ",": 0.17, ":": 0.22, ">": 0.22, ";": 0.28, " ": 0.33, "quad": 1.0, "qquad": 2.0, "!": -0.17,
}  # fmt: skip
WORDS = ("text", "textrm", "mathrm", "operatorname", "operatorname*", "mathit")
MARKS = {
    "bar": "¯", "hat": "^", "tilde": "~", "overline": "¯", "dot": "˙", "ddot": "¨", "vec": "→", "check": "ˇ",
    "widehat": "^", "widetilde": "~",
}  # fmt: skip
BRACES = {"underbrace": "⏟", "overbrace": "⏞", "underline": "_"}
SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}  # em; also as \bigl, \bigr, \bigm
ENVIRONMENTS = {
    "cases": ("{", ""), "matrix": ("", ""), "smallmatrix": ("", ""), "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "Bmatrix": ("{", "}"),
    "aligned": ("", ""), "align": ("", ""), "align*": ("", ""), "split": ("", ""), "gathered": ("", ""),
    "gather": ("", ""), "gather*": ("", ""), "equation": ("", ""), "equation*": ("", ""),
}  # fmt: skip


def alphabet(capital: int, small: int | None, digit: int | None, **odd: str) -> dict[str, str]:
    """The letters of a style, from where Unicode has its A, a and 0; `odd` are those it has elsewhere."""
    starts = (("A", 26, capital), ("a", 26, small), ("0", 10, digit))
    found = {
        chr(ord(first) + k): chr(start + k)
        for first, count, start in starts
        if start is not None
        for k in range(count)
    }
    return found | odd


def greek(capital: int, small: int) -> dict[str, str]:
    """The Greek letters of a style, from where Unicode has its Α and α."""
    capitals = {chr(0x391 + k): chr(capital + k) for k in range(25) if k != 17}
    return capitals | {chr(0x3B1 + k): chr(small + k) for k in range(25)}


BOLD = alphabet(0x1D400, 0x1D41A, 0x1D7CE) | greek(0x1D6A8, 0x1D6C2)
LETTERS = {
    "mathbf": BOLD,
    "boldsymbol": alphabet(0x1D468, 0x1D482, 0x1D7CE) | greek(0x1D71C, 0x1D736),
    "mathbb": alphabet(
        0x1D538, 0x1D552, 0x1D7D8, C="ℂ", H="ℍ", N="ℕ", P="ℙ", Q="ℚ", R="ℝ", Z="ℤ"
    ),
    "mathcal": alphabet(
        0x1D49C, 0x1D4B6, None, B="ℬ", E="ℰ", F="ℱ", H="ℋ", I="ℐ", L="ℒ", M="ℳ", R="ℛ", e="ℯ", g="ℊ", o="ℴ"
    ),
    "mathsf": alphabet(0x1D5A0, 0x1D5BA, 0x1D7E2),
    "mathtt": alphabet(0x1D670, 0x1D68A, 0x1D7F6),
}  # fmt: skip
