"""The session encoder as it serves: ONNX Runtime on one thread, nothing of the training path."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ConfigError

Floats = npt.NDArray[np.float32]


class _Runtime(Protocol):
    def run(self, wanted: list[str] | None, given: dict[str, npt.NDArray[np.generic]]) -> list[Floats]: ...


class Encoder:
    """Turns histories into states; a state times an item's vector is what speaks for the item.

    Args:
        model: Content of an `.onnx` file that `encoder_weights.encoder_onnx` made.

    Raises:
        ConfigError: ONNX Runtime is not installed.
    """

    def __init__(self, model: bytes) -> None:
        self._runtime = _opened(model)

    def states(
        self,
        vectors: Floats,
        kinds: npt.NDArray[np.int64],
        gaps: npt.NDArray[np.int64],
        bands: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
    ) -> Floats:
        """Return the state after the newest entry of each history.

        Args:
            vectors: Of each entry's item, padded at the end; shape (n, t, width).
            kinds, gaps, bands: As in `encoder_input`; shape (n, t).
            lengths: Entries of each history, at least 1; shape (n,).

        Returns:
            Shape (n, width).
        """
        given: dict[str, npt.NDArray[np.generic]] = {
            "vectors": vectors, "kinds": kinds, "gaps": gaps, "bands": bands, "last": lengths - 1,
        }  # fmt: skip
        return self._runtime.run(["state"], given)[0]


def _opened(model: bytes) -> _Runtime:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "The models session and blend need the library onnxruntime.",
            "Install it: `pip install 'shopkeeper[onnx]'`.",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return cast("_Runtime", onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
