"""How a question is read: as from the page of the product that was looked at last, whether the request names it or not.

A list is mostly asked for from a product's page, questions of the past know no page. Both are one question to the
model: what was looked at last in a visit counts in full, what came before it as the history beside a page.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import still_on_page
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS


def from_page(asked: Asked) -> Asked:
    """Return the question as the page of what was looked at last would ask it, as `evidence.gather` makes one.

    It stays as it is where it names a page, where the visit is over, and where the last thing leaves nobody on a page.
    """
    if not len(asked) or asked.page.any() or not _is_on_page(asked):
        return asked
    here = np.arange(len(asked)) == len(asked) - 1
    whole = replace(
        asked,
        weights=np.where(here, 1.0, asked.weights * DEFAULT_PARAMS.history_share),
        times=np.where(here, asked.now, asked.times),
        page=here,
    )
    return whole.keep(here | (asked.items != asked.items[-1]))


def _is_on_page(asked: Asked) -> bool:
    return still_on_page(int(asked.kinds[-1]), asked.now - int(asked.times[-1]))
