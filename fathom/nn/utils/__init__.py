"""Help around networks: clipping gradients, parameters as one vector, constraints on weights, sequences."""

from fathom.nn.utils import parametrizations, parametrize, rnn
from fathom.nn.utils.clipping import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)  # fmt: skip
from fathom.nn.utils.norms import (
    remove_spectral_norm,
    remove_weight_norm,
    spectral_norm,
    weight_norm,
)
from fathom.nn.utils.vectors import parameters_to_vector, vector_to_parameters
