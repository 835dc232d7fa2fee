SELECT customer_group, product, max(categories) AS categories, max(parent) AS parent, count(*) AS events
FROM seen
GROUP BY customer_group, product
ORDER BY customer_group, product
