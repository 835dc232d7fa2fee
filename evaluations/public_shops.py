"""Public data sets as tables of the data contract: which file tells each one, and the SQL that makes its tables.

A column that could say something of the time after a cut is taken from the oldest row that has it. Of MovieLens the
stars are not told, so that every film somebody rated is asked about, whatever they thought of it.
"""

from __future__ import annotations

from collections.abc import Mapping

_GENRES = (
    "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir",
    "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip


def _flag(genre: str) -> str:
    column, text = genre.replace('"', '""'), genre.replace("'", "''")
    return f"""CASE WHEN "{column}" = 1 THEN '{text}' END"""


MOVIELENS: Mapping[str, str] = {
    "events": """
        SELECT 'cinema' AS store, 'rating' AS type, CAST(user_id AS VARCHAR) AS "user",
               CAST(movie_id AS VARCHAR) AS product, timestamp AS ts,
               concat(user_id, '-', lpad(CAST(movie_id AS VARCHAR), 6, '0')) AS event_id
        FROM read_parquet('{folder}/ratings.parquet')""",
    "users": """
        SELECT CAST(user_id AS VARCHAR) AS "user", '' AS store, gender, occupation AS segment,
               CASE WHEN age < 18 THEN '0-17' WHEN age < 25 THEN '18-24' WHEN age < 35 THEN '25-34'
                    WHEN age < 45 THEN '35-44' WHEN age < 50 THEN '45-49' ELSE '50+' END AS age_band,
               left(zip_code, 1) AS region
        FROM read_parquet('{folder}/users.parquet')""",
    "products": """
        SELECT CAST(movie_id AS VARCHAR) AS product, '' AS store, movie_title AS title,
               list_filter([GENRES], lambda g: g IS NOT NULL) AS categories,
               concat('years ', right(release_date, 4)[:3], '0s') AS attributes
        FROM read_parquet('{folder}/items.parquet')""".replace("GENRES", ", ".join(_flag(genre) for genre in _GENRES)),
}

DUNNHUMBY: Mapping[str, str] = {
    "events": """
        SELECT 'grocer' AS store, 'purchase' AS type, CAST(household_id AS VARCHAR) AS "user",
               CAST(product_id AS VARCHAR) AS product, transaction_timestamp AS ts,
               concat(basket_id, '-', lpad(CAST(product_id AS VARCHAR), 9, '0'), '-', row_number() OVER ()) AS event_id
        FROM read_parquet('{folder}/transactions.parquet')""",
    "users": """
        SELECT CAST(household_id AS VARCHAR) AS "user", '' AS store, age AS age_band,
               household_comp AS segment, CAST(NULL AS VARCHAR) AS gender, income AS region
        FROM read_parquet('{folder}/demographics.parquet')""",
    "products": """
        SELECT CAST(p.product_id AS VARCHAR) AS product, '' AS store,
               concat_ws(' > ', department, product_category, product_type) AS categories,
               concat(brand, ' ', manufacturer_id) AS brand, concat_ws(' ', product_type, package_size) AS title,
               first.price AS price
        FROM read_parquet('{folder}/products.parquet') AS p
        LEFT JOIN (
            SELECT product_id, arg_min((sales_value + retail_disc) / quantity, transaction_timestamp) AS price
            FROM read_parquet('{folder}/transactions.parquet') WHERE quantity > 0 AND sales_value > 0
            GROUP BY product_id
        ) AS first ON first.product_id = p.product_id""",
}

SHOPS: Mapping[str, Mapping[str, str]] = {"ratings.parquet": MOVIELENS, "transactions.parquet": DUNNHUMBY}
"""File that tells a public set -> its tables. A household's income stands in the column `region`: the set has no place
of living, and the contract no income."""
