-- Indexes for the shop's own queries; those of the keys and foreign keys are in 005_sales.sql already.
-- On a busy table build them beforehand with CREATE INDEX CONCURRENTLY under the same names: this file then skips them.

-- The latest orders, the orders of a period; and the work list: what is still to be paid or shipped, the oldest first.
CREATE INDEX IF NOT EXISTS idx_orders_ordered_at ON orders (ordered_at);
CREATE INDEX IF NOT EXISTS idx_orders_open ON orders (ordered_at) WHERE status IN ('pending', 'paid');

-- Items arrive in the order of time: a BRIN index of a few pages finds those of a period.
CREATE INDEX IF NOT EXISTS idx_order_items_ordered_at ON order_items USING brin (ordered_at);

-- The shop window: a category by price, filters on attributes, search; and what has to be bought in.
CREATE INDEX IF NOT EXISTS idx_products_category_price ON products (category_id, price) WHERE active;
CREATE INDEX IF NOT EXISTS idx_products_attributes ON products USING gin (attributes jsonb_path_ops);
CREATE INDEX IF NOT EXISTS idx_products_search ON products USING gin (to_tsvector('english', name || ' ' || description));
CREATE INDEX IF NOT EXISTS idx_products_low_stock ON products (stock_quantity) WHERE active AND stock_quantity < 10;

-- Customers: search by the beginning of the name; the new ones of a period, by country, from the index alone.
CREATE INDEX IF NOT EXISTS idx_customers_name ON customers (lower(full_name) text_pattern_ops);
CREATE INDEX IF NOT EXISTS idx_customers_created_at ON customers (created_at) INCLUDE (country_code);

INSERT INTO schema_migrations (version, description) VALUES ('optimizations/001', 'create indexes') ON CONFLICT DO NOTHING;
