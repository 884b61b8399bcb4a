-- Materialized views of the sales, and refresh_materialized_views(), which renews them while they can be read.
-- Days are UTC days; only orders that count as sales (is_sale) are in them.

CREATE MATERIALIZED VIEW IF NOT EXISTS daily_sales_summary AS
SELECT (o.ordered_at AT TIME ZONE 'UTC')::date AS sales_date,
       count(*) AS orders_count,
       count(DISTINCT o.customer_id) AS customers_count,
       COALESCE(sum(i.units), 0)::bigint AS units_sold,
       sum(o.total_amount) AS revenue,
       sum(o.discount_amount) AS discount_amount,
       calculate_aov(sum(o.total_amount), count(*)) AS aov
FROM orders AS o
LEFT JOIN (
    SELECT order_id, ordered_at, sum(quantity) AS units
    FROM order_items
    GROUP BY order_id, ordered_at
) AS i ON i.order_id = o.id AND i.ordered_at = o.ordered_at
WHERE is_sale(o.status)
GROUP BY sales_date;

CREATE MATERIALIZED VIEW IF NOT EXISTS product_performance AS
SELECT p.id AS product_id,
       p.sku,
       p.name AS product_name,
       c.name AS category_name,
       COALESCE(s.orders_count, 0) AS orders_count,
       COALESCE(s.units_sold, 0) AS units_sold,
       COALESCE(s.revenue, 0) AS revenue,
       rank() OVER (ORDER BY COALESCE(s.revenue, 0) DESC) AS revenue_rank,
       s.last_sold_at
FROM products AS p
JOIN categories AS c ON c.id = p.category_id
LEFT JOIN (
    SELECT i.product_id,
           count(DISTINCT o.id) AS orders_count,
           sum(i.quantity) AS units_sold,
           sum(i.line_total) AS revenue,
           max(o.ordered_at) AS last_sold_at
    FROM order_items AS i
    JOIN orders AS o ON o.id = i.order_id AND o.ordered_at = i.ordered_at
    WHERE is_sale(o.status)
    GROUP BY i.product_id
) AS s ON s.product_id = p.id;

CREATE MATERIALIZED VIEW IF NOT EXISTS customer_lifetime_value AS
SELECT c.id AS customer_id,
       count(o.id) AS orders_count,
       COALESCE(sum(o.total_amount), 0) AS revenue,
       calculate_aov(sum(o.total_amount), count(o.id)) AS aov,
       min(o.ordered_at) AS first_order_at,
       max(o.ordered_at) AS last_order_at
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id AND is_sale(o.status)
GROUP BY c.id;

-- REFRESH MATERIALIZED VIEW CONCURRENTLY needs a unique index; the others serve the two rankings.
CREATE UNIQUE INDEX IF NOT EXISTS idx_daily_sales_summary_date ON daily_sales_summary (sales_date);
CREATE UNIQUE INDEX IF NOT EXISTS idx_product_performance_product ON product_performance (product_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_customer_lifetime_value_customer ON customer_lifetime_value (customer_id);
CREATE INDEX IF NOT EXISTS idx_product_performance_revenue ON product_performance (revenue DESC);
CREATE INDEX IF NOT EXISTS idx_customer_lifetime_value_revenue ON customer_lifetime_value (revenue DESC);

CREATE OR REPLACE FUNCTION refresh_materialized_views() RETURNS TABLE (view_name text, took interval)
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    populated boolean;
    began     timestamptz;
BEGIN
    FOREACH view_name IN ARRAY ARRAY['daily_sales_summary', 'product_performance', 'customer_lifetime_value'] LOOP
        began := clock_timestamp();
        -- A view without data, as after a restore of the schema alone, cannot be refreshed concurrently.
        populated := (SELECT relispopulated FROM pg_class WHERE oid = view_name::regclass);
        EXECUTE format('REFRESH MATERIALIZED VIEW %s %I', CASE WHEN populated THEN 'CONCURRENTLY' END, view_name);
        took := clock_timestamp() - began;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON MATERIALIZED VIEW daily_sales_summary IS 'Sales per UTC day; days without sales have no row';
COMMENT ON COLUMN daily_sales_summary.revenue IS 'Sum of orders.total_amount, shop currency';
COMMENT ON COLUMN daily_sales_summary.aov IS 'Average order value, shop currency';
COMMENT ON MATERIALIZED VIEW product_performance IS 'Sales per product since the launch, with products never sold';
COMMENT ON COLUMN product_performance.revenue IS 'Sum of order_items.line_total, shop currency: before shipping and order discounts';
COMMENT ON MATERIALIZED VIEW customer_lifetime_value IS 'Sales per customer since the launch, with customers who never bought';
COMMENT ON COLUMN customer_lifetime_value.revenue IS 'Sum of orders.total_amount, shop currency';
COMMENT ON COLUMN customer_lifetime_value.aov IS 'Average order value, shop currency; null without orders';
COMMENT ON FUNCTION refresh_materialized_views() IS
    'Renews the three materialized views without blocking readers; returns how long each took';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dashuser') THEN
        GRANT SELECT ON daily_sales_summary, product_performance, customer_lifetime_value TO dashuser;
    END IF;
END
$$;

INSERT INTO schema_migrations (version, description) VALUES ('optimizations/003', 'materialized views') ON CONFLICT DO NOTHING;
