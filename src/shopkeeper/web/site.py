"""Every page people look at, as one router: storefront, control room and the files they load."""

from __future__ import annotations

from fastapi import APIRouter

from shopkeeper.web import (
    api_page,
    control_room,
    control_room_card,
    control_room_content,
    control_room_experiments,
    control_room_price_questions,
    control_room_prices,
    control_room_rules,
    control_room_steer,
    live_feed,
    sign_in_pages,
    static_files,
    storefront,
    storefront_known,
)

router = APIRouter(include_in_schema=False)
PARTS = (
    static_files, storefront, storefront_known, control_room, control_room_card, control_room_content,
    control_room_experiments, control_room_price_questions, control_room_prices, control_room_rules,
    control_room_steer, sign_in_pages, live_feed, api_page,
)  # fmt: skip
for part in PARTS:
    router.include_router(part.router)
