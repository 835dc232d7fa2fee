"""Public data sets as stores of one customer group, each with what is known of a visit.

The baskets of a grocer's branches, the invoices of a gift shop and the clicks of a fashion shop by country (each a
store of the group), the clicks of one shop by the second. A session or invoice without a customer is somebody's own.
"""

from __future__ import annotations

from collections.abc import Mapping

GROCER: Mapping[str, str] = {
    "events": """
        SELECT concat('branch ', store_id) AS store, 'purchase' AS type, CAST(household_id AS VARCHAR) AS "user",
               CAST(product_id AS VARCHAR) AS product, transaction_timestamp AS ts,
               concat(basket_id, '-', lpad(CAST(product_id AS VARCHAR), 9, '0'), '-', row_number() OVER ()) AS event_id
        FROM read_parquet('{folder}/transactions.parquet')""",
    "stores": """
        SELECT DISTINCT concat('branch ', store_id) AS store, 'group' AS customer_group
        FROM read_parquet('{folder}/transactions.parquet')""",
}
GIFTS: Mapping[str, str] = {
    "events": """
        SELECT "Country" AS store, 'purchase' AS type, CAST("CustomerID" AS VARCHAR) AS "user", "InvoiceNo" AS session,
               "StockCode" AS product, "InvoiceDate" AS ts,
               concat("InvoiceNo", '-', "StockCode", '-', row_number() OVER ()) AS event_id
        FROM read_parquet('{folder}/transactions.parquet') WHERE "Quantity" > 0""",
    "stores": """
        SELECT DISTINCT "Country" AS store, 'group' AS customer_group
        FROM read_parquet('{folder}/transactions.parquet')""",
}
CLOTHES: Mapping[str, str] = {
    "events": """
        SELECT concat('country ', country) AS store, 'view' AS type, CAST(session_id AS VARCHAR) AS session,
               clothing_model AS product, CAST(date AS TIMESTAMP) + to_seconds("order") AS ts,
               concat(session_id, '-', lpad(CAST("order" AS VARCHAR), 4, '0')) AS event_id
        FROM read_parquet('{folder}/clicks.parquet')""",
    "stores": """
        SELECT DISTINCT concat('country ', country) AS store, 'group' AS customer_group
        FROM read_parquet('{folder}/clicks.parquet')""",
}
CLICKS: Mapping[str, str] = {
    "events": """
        SELECT 'shop' AS store, 'view' AS type, CAST("SessionId" AS VARCHAR) AS session,
               CAST("ItemId" AS VARCHAR) AS product, make_timestamp(CAST("Time" * 1000000 AS BIGINT)) AS ts,
               concat("SessionId", '-', "Time") AS event_id
        FROM (SELECT * FROM read_parquet('{folder}/train.parquet')
              UNION ALL SELECT * FROM read_parquet('{folder}/test.parquet'))""",
}
VISITED: Mapping[str, Mapping[str, str]] = {
    "promotions.parquet": GROCER,
    "transactions.parquet": GIFTS,
    "clicks.parquet": CLOTHES,
    "train.parquet": CLICKS,
}
"""File that tells a public set, the first that is there -> its tables."""
