"""Every page people look at, as one router: storefront, control room and the files they load."""

from __future__ import annotations

from fastapi import APIRouter

from shopkeeper.web import (
    api_page,
    control_room,
    control_room_card,
    live_feed,
    static_files,
    storefront,
    storefront_known,
)

router = APIRouter(include_in_schema=False)
for part in (static_files, storefront, storefront_known, control_room, control_room_card, live_feed, api_page):
    router.include_router(part.router)
