"""Examples of operations whose docstrings have none that can be run by itself, or none that shows as much.

CALLS     a call, whose numbers are then explained step by step
SESSIONS  what one would type, and the answer, for what computes nothing: settings, files, states. Tests run them.
"""

CALLS = {
    "softmax": "fathom.softmax(fathom.tensor([2., 1., 0.1]), dim=0)",
    "relu": "fathom.relu(fathom.tensor([2., -1.]))",
    "nn.functional.relu": "fathom.nn.functional.relu(fathom.tensor([2., -1.]))",
    "logsumexp": "fathom.logsumexp(fathom.tensor([2., 1., 0.1]), dim=0)",
    # made from nothing, or from something that is no tensor
    "ones": "fathom.ones(2, 3)",
    "empty": "fathom.empty(2, 3)",
    "full": "fathom.full((2, 3), 0.5)",
    "eye": "fathom.eye(3)",
    "as_tensor": "fathom.as_tensor([1., 2.])",
    "scalar_tensor": "fathom.scalar_tensor(0.5)",
    "arange": "fathom.arange(0., 2., 0.5)",
    "range": "fathom.range(0., 2., 0.5)",
    "linspace": "fathom.linspace(0., 1., 5)",
    "logspace": "fathom.logspace(0., 3., 4)",
    "empty_strided": "fathom.empty_strided((2, 3), (3, 1))",
    "zeros_like": "fathom.zeros_like(fathom.tensor([1.5, 2.5]))",
    "ones_like": "fathom.ones_like(fathom.tensor([1.5, 2.5]))",
    "empty_like": "fathom.empty_like(fathom.tensor([1.5, 2.5]))",
    "full_like": "fathom.full_like(fathom.tensor([1.5, 2.5]), 7.)",
    "tril_indices": "fathom.tril_indices(3, 3)",
    "triu_indices": "fathom.triu_indices(3, 3)",
    "bartlett_window": "fathom.bartlett_window(4)",
    "blackman_window": "fathom.blackman_window(4)",
    "hamming_window": "fathom.hamming_window(4)",
    "kaiser_window": "fathom.kaiser_window(4)",
    "fft.rfftfreq": "fathom.fft.rfftfreq(4)",
    # random numbers
    "randn": "fathom.randn(4)",
    "randint": "fathom.randint(0, 10, (4,))",
    "randint_like": "fathom.randint_like(fathom.tensor([0., 0., 0., 0.]), 10)",
    "randperm": "fathom.randperm(5)",
    "normal": "fathom.normal(fathom.tensor([0., 10., 20.]), fathom.tensor([1., 1., 1.]))",
    "multinomial": "fathom.multinomial(fathom.tensor([1., 2., 5.]), 2)",
    "alpha_dropout": "fathom.alpha_dropout(fathom.tensor([0.5, -1., 2., 1.]), 0.5, True)",
    "nn.functional.dropout1d": "fathom.nn.functional.dropout1d(fathom.tensor([[1., 2.], [3., 4.], [5., 6.]]))",
    "nn.functional.dropout2d": "fathom.nn.functional.dropout2d(fathom.tensor([[[[1., 2.]], [[3., 4.]], [[5., 6.]]]]))",
    "nn.functional.dropout3d": (
        "fathom.nn.functional.dropout3d(fathom.tensor([[[[[1., 2.]]], [[[3., 4.]]], [[[5., 6.]]]]]))"
    ),
    "nn.functional.feature_alpha_dropout": (
        "fathom.nn.functional.feature_alpha_dropout(fathom.tensor([[[1., 2.], [3., 4.], [5., 6.]]]), 0.5, True)"
    ),
    # questions
    "allclose": "fathom.allclose(fathom.tensor([1., 2.]), fathom.tensor([1., 2.00001]))",
    "equal": "fathom.equal(fathom.tensor([1., 2.]), fathom.tensor([1., 3.]))",
    "is_complex": "fathom.is_complex(fathom.tensor([1.]))",
    "is_floating_point": "fathom.is_floating_point(fathom.tensor([1.]))",
    "is_nonzero": "fathom.is_nonzero(fathom.tensor([0.5]))",
    "is_same_size": "fathom.is_same_size(fathom.tensor([1., 2.]), fathom.tensor([[1., 2.]]))",
    "is_signed": "fathom.is_signed(fathom.tensor([1, 2]))",
    "is_tensor": "fathom.is_tensor(fathom.tensor([1.]))",
    "isreal": "fathom.isreal(fathom.tensor([1., 2.]))",
    "numel": "fathom.numel(fathom.tensor([[1., 2.], [3., 4.]]))",
    "typename": "fathom.typename(fathom.tensor([1.]))",
    # elements
    "ceil": "fathom.ceil(fathom.tensor([1.7, -0.2, 3.]))",
    "floor": "fathom.floor(fathom.tensor([1.7, -0.2, 3.]))",
    "trunc": "fathom.trunc(fathom.tensor([1.7, -1.7, 3.]))",
    "round": "fathom.round(fathom.tensor([1.7, 2.5, 3.5]))",
    "positive": "fathom.positive(fathom.tensor([0.5, -1.]))",
    "real": "fathom.real(fathom.complex(fathom.tensor([1., 2.]), fathom.tensor([3., 4.])))",
    "imag": "fathom.imag(fathom.complex(fathom.tensor([1., 2.]), fathom.tensor([3., 4.])))",
    "conj": "fathom.conj(fathom.complex(fathom.tensor([1., 2.]), fathom.tensor([3., 4.])))",
    "special.multigammaln": "fathom.special.multigammaln(fathom.tensor([2.5, 4.]), 2)",
    "prelu": "fathom.prelu(fathom.tensor([0.5, -1., 2.]), fathom.tensor([0.25]))",
    "threshold": "fathom.threshold(fathom.tensor([0.5, -1., 2.]), 1., 0.)",
    # shapes and places
    "t": "fathom.t(fathom.tensor([[1., 2., 3.], [4., 5., 6.]]))",
    "diagonal": "fathom.diagonal(fathom.tensor([[1., 2.], [3., 4.]]))",
    "adjoint": "fathom.adjoint(fathom.tensor([[1., 2., 3.], [4., 5., 6.]]))",
    "flatten": "fathom.flatten(fathom.tensor([[[1., 2.], [3., 4.]], [[5., 6.], [7., 8.]]]), 1)",
    "ravel": "fathom.ravel(fathom.tensor([[1., 2.], [3., 4.]]))",
    "flip": "fathom.flip(fathom.tensor([[1., 2., 3.], [4., 5., 6.]]), (1,))",
    "permute": "fathom.permute(fathom.tensor([[[1., 2., 3.], [4., 5., 6.]]]), (2, 0, 1))",
    "movedim": "fathom.movedim(fathom.tensor([[[1., 2., 3.], [4., 5., 6.]]]), 0, 2)",
    "transpose": "fathom.transpose(fathom.tensor([[[1., 2., 3.], [4., 5., 6.]]]), 0, 2)",
    "dsplit": "fathom.dsplit(fathom.tensor([[[1., 2.], [3., 4.]]]), 2)",
    "slice_scatter": (
        "fathom.slice_scatter(fathom.tensor([1., 2., 3., 4.]), fathom.tensor([7., 8.]), 0, 1, 3)"
    ),
    "index_add": (
        "fathom.index_add(fathom.tensor([1., 2., 3.]), 0, fathom.tensor([0, 2, 0]), fathom.tensor([0.5, 0.25, 4.]))"
    ),
    "scatter": "fathom.scatter(fathom.tensor([1., 2., 3.]), 0, fathom.tensor([2, 0]), fathom.tensor([7., 8.]))",
    "bmm": "fathom.bmm(fathom.tensor([[[1., 2.]], [[3., 4.]]]), fathom.tensor([[[0.5], [2.]], [[1.], [-1.]]]))",
    "baddbmm": (
        "fathom.baddbmm(fathom.tensor([[[10.]], [[20.]]]), fathom.tensor([[[1., 2.]], [[3., 4.]]]),"
        " fathom.tensor([[[0.5], [2.]], [[1.], [-1.]]]))"
    ),
    "addbmm": (
        "fathom.addbmm(fathom.tensor([[10.]]), fathom.tensor([[[1., 2.]], [[3., 4.]]]),"
        " fathom.tensor([[[0.5], [2.]], [[1.], [-1.]]]))"
    ),
    "argwhere": "fathom.argwhere(fathom.tensor([[1., 0.], [0., 2.]]))",
    "nonzero": "fathom.nonzero(fathom.tensor([[1., 0.], [0., 2.]]))",
    "scatter_add": (
        "fathom.scatter_add(fathom.tensor([1., 2., 3.]), 0, fathom.tensor([0, 2, 0]), fathom.tensor([0.5, 0.25, 4.]))"
    ),
    "histogram": "fathom.histogram(fathom.tensor([1., 2., 1.]), 4, range=(0., 3.))",
    # linear algebra
    "cholesky": "fathom.cholesky(fathom.tensor([[4., 2.], [2., 3.]]))",
    "cholesky_inverse": "fathom.cholesky_inverse(fathom.tensor([[2., 0.], [1., 1.5]]))",
    "cholesky_solve": "fathom.cholesky_solve(fathom.tensor([[1.], [2.]]), fathom.tensor([[2., 0.], [1., 1.5]]))",
    "logdet": "fathom.logdet(fathom.tensor([[4., 2.], [2., 3.]]))",
    "qr": "fathom.qr(fathom.tensor([[3., 1.], [4., 2.]]))",
    "svd": "fathom.svd(fathom.tensor([[3., 0.], [4., 5.]]))",
    "lu_solve": (
        "fathom.lu_solve(fathom.tensor([[1.], [2.]]), *fathom.linalg.lu_factor(fathom.tensor([[2., 1.], [1., 3.]])))"
    ),
    "linalg.lu_solve": (
        "fathom.linalg.lu_solve(*fathom.linalg.lu_factor(fathom.tensor([[2., 1.], [1., 3.]])),"
        " fathom.tensor([[1.], [2.]]))"
    ),
    "linalg.diagonal": "fathom.linalg.diagonal(fathom.tensor([[1., 2.], [3., 4.]]))",
    "linalg.eigvals": "fathom.linalg.eigvals(fathom.tensor([[2., 1.], [1., 3.]]))",
    "linalg.eigvalsh": "fathom.linalg.eigvalsh(fathom.tensor([[2., 1.], [1., 3.]]))",
    "linalg.tensorinv": "fathom.linalg.tensorinv(fathom.tensor([[2., 1.], [1., 3.]]), ind=1)",
    "cross": "fathom.cross(fathom.tensor([1., 0.5, 0.]), fathom.tensor([0., 1., 2.]))",
    # Fourier transforms
    "fft.fft2": "fathom.fft.fft2(fathom.tensor([[1., 2.], [3., 4.]]))",
    "fft.ifft2": "fathom.fft.ifft2(fathom.tensor([[10., -2.], [-4., 0.]]))",
    "fft.rfft2": "fathom.fft.rfft2(fathom.tensor([[1., 2.], [3., 4.]]))",
    "fft.irfft2": "fathom.fft.irfft2(fathom.complex(fathom.tensor([[10., -2.], [-4., 0.]]), fathom.zeros(2, 2)))",
    "stft": (
        "fathom.stft(fathom.tensor([0., 1., 0., -1., 0., 1., 0., -1.]), 4,"
        " window=fathom.ones(4), return_complex=True)"
    ),
    "istft": (
        "fathom.istft(fathom.stft(fathom.tensor([0., 1., 0., -1., 0., 1., 0., -1.]), 4, window=fathom.ones(4),"
        " return_complex=True), 4, window=fathom.ones(4))"
    ),
    # networks
    "bilinear": (
        "fathom.bilinear(fathom.tensor([[1., 2.]]), fathom.tensor([[0.5, -1.]]),"
        " fathom.tensor([[[1., 0.], [0.5, 2.]]]))"
    ),
    "cosine_similarity": "fathom.cosine_similarity(fathom.tensor([[1., 2.]]), fathom.tensor([[2., 1.]]))",
    "nn.functional.normalize": "fathom.nn.functional.normalize(fathom.tensor([[3., 4.]]))",
    "nn.functional.glu": "fathom.nn.functional.glu(fathom.tensor([1., -2., 0.5, 0.25]))",
    "nn.functional.binary_cross_entropy": (
        "fathom.nn.functional.binary_cross_entropy(fathom.tensor([0.75, 0.25]), fathom.tensor([1., 0.]))"
    ),
    "nn.functional.nll_loss": (
        "fathom.nn.functional.nll_loss(fathom.tensor([[-0.5, -1.5], [-2., -0.25]]), fathom.tensor([0, 1]))"
    ),
    "nn.functional.multi_margin_loss": (
        "fathom.nn.functional.multi_margin_loss(fathom.tensor([[0.5, 1.5, 2.]]), fathom.tensor([2]))"
    ),
    "nn.functional.embedding_bag": (
        "fathom.nn.functional.embedding_bag(fathom.tensor([[0, 2], [1, 1]]),"
        " fathom.tensor([[1., 2.], [3., 4.], [5., 6.]]))"
    ),
    "nn.functional.upsample": "fathom.nn.functional.upsample(fathom.tensor([[[1., 3.]]]), scale_factor=2)",
    "nn.functional.ctc_loss": (
        "fathom.nn.functional.ctc_loss(fathom.tensor([[[0.2, 0.5, 0.3]], [[0.4, 0.4, 0.2]], [[0.3, 0.1, 0.6]]]).log(),"
        " fathom.tensor([[1, 2]]), fathom.tensor([3]), fathom.tensor([2]))"
    ),
}

SESSIONS = {
    "are_deterministic_algorithms_enabled": """
>>> fathom.are_deterministic_algorithms_enabled()
True
""",
    "use_deterministic_algorithms": """
>>> fathom.use_deterministic_algorithms(True)
>>> fathom.are_deterministic_algorithms_enabled()
True
""",
    "from_dlpack": """
>>> import numpy as np
>>> x = np.array([1.0, 2.0])
>>> y = fathom.from_dlpack(x)
>>> x[0] = 5.0
>>> y
tensor([5., 2.], dtype=fathom.float64)
""",
    "from_numpy": """
>>> import numpy as np
>>> x = np.array([1.0, 2.0])
>>> y = fathom.from_numpy(x)
>>> x[0] = 5.0
>>> y
tensor([5., 2.], dtype=fathom.float64)
""",
    "get_default_dtype": """
>>> fathom.get_default_dtype()
fathom.float32
""",
    "set_default_dtype": """
>>> fathom.set_default_dtype(fathom.float64)
>>> fathom.tensor(1.0).dtype
fathom.float64
>>> fathom.set_default_dtype(fathom.float32)
""",
    "set_default_tensor_type": """
>>> fathom.set_default_tensor_type("torch.DoubleTensor")
>>> fathom.tensor(1.0).dtype
fathom.float64
>>> fathom.set_default_tensor_type("torch.FloatTensor")
""",
    "get_float32_matmul_precision": """
>>> fathom.get_float32_matmul_precision()
'highest'
""",
    "set_float32_matmul_precision": """
>>> fathom.set_float32_matmul_precision("high")
>>> fathom.get_float32_matmul_precision()
'high'
>>> fathom.set_float32_matmul_precision("highest")
""",
    "get_num_threads": """
>>> fathom.get_num_threads() >= 1
True
""",
    "set_num_threads": """
>>> before = fathom.get_num_threads()
>>> fathom.set_num_threads(1)
>>> fathom.get_num_threads()
1
>>> fathom.set_num_threads(before)
""",
    "is_grad_enabled": """
>>> fathom.is_grad_enabled()
True
>>> with fathom.no_grad():
...     fathom.is_grad_enabled()
False
""",
    "manual_seed": """
>>> _ = fathom.manual_seed(0)
>>> a = fathom.rand(3)
>>> _ = fathom.manual_seed(0)
>>> fathom.equal(a, fathom.rand(3))
True
""",
    "initial_seed": """
>>> _ = fathom.manual_seed(7)
>>> fathom.initial_seed()
7
""",
    "seed": """
>>> seed = fathom.seed()
>>> fathom.initial_seed() == seed
True
""",
    "get_rng_state": """
>>> state = fathom.get_rng_state()
>>> a = fathom.rand(3)
>>> fathom.set_rng_state(state)
>>> fathom.equal(a, fathom.rand(3))
True
""",
    "set_rng_state": """
>>> state = fathom.get_rng_state()
>>> a = fathom.rand(3)
>>> fathom.set_rng_state(state)
>>> fathom.equal(a, fathom.rand(3))
True
""",
    "random.fork_rng": """
>>> state = fathom.get_rng_state()
>>> with fathom.random.fork_rng():
...     _ = fathom.rand(3)
>>> fathom.equal(state, fathom.get_rng_state())
True
""",
    "set_printoptions": """
>>> fathom.set_printoptions(precision=2)
>>> fathom.tensor(1 / 3)
tensor(0.33)
>>> fathom.set_printoptions(precision=4)
""",
    "func.grad_and_value": """
>>> fathom.func.grad_and_value(lambda x: x**2)(fathom.tensor(3.0))
(tensor(6.), tensor(9.))
""",
    "func.jacfwd": """
>>> fathom.func.jacfwd(lambda x: x**2)(fathom.tensor([1.0, 2.0]))
tensor([[2., 0.],
        [0., 4.]])
""",
    "load": """
>>> import tempfile, pathlib
>>> file = pathlib.Path(tempfile.mkdtemp(), "state")
>>> fathom.save({"step": 3}, file)
>>> fathom.load(file)
{'step': 3}
""",
}
