-- The shop itself: categories, products, customers, orders and their items.
-- orders is built to be partitioned by month later (optimizations/002_partition_orders.sql); its keys are ready for that.

CREATE TABLE IF NOT EXISTS categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id  bigint REFERENCES categories (id),
    name       text NOT NULL,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (parent_id <> id)
);

CREATE TABLE IF NOT EXISTS products (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id    bigint NOT NULL REFERENCES categories (id),
    sku            text NOT NULL UNIQUE,
    name           text NOT NULL,
    description    text NOT NULL DEFAULT '',
    price          numeric(12,2) NOT NULL CHECK (price >= 0),
    stock_quantity integer NOT NULL DEFAULT 0 CHECK (stock_quantity >= 0),
    active         boolean NOT NULL DEFAULT true,
    attributes     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS customers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email        text NOT NULL CHECK (email LIKE '_%@_%'),
    full_name    text NOT NULL,
    country_code text CHECK (country_code ~ '^[A-Z]{2}$'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- A unique key of a partitioned table must contain the partition key. So ordered_at is part of the primary key from
-- the first day, order_items refers to (id, ordered_at), and that foreign key stays the same before and after.
-- ordered_at has milliseconds, which every client language holds exactly: as part of a key it must come back unchanged.
-- An infinite time would belong to no month.
CREATE TABLE IF NOT EXISTS orders (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    ordered_at      timestamptz(3) NOT NULL DEFAULT now() CHECK (isfinite(ordered_at)),
    customer_id     bigint NOT NULL REFERENCES customers (id),
    status          text NOT NULL DEFAULT 'pending' CHECK (status IN (
                        'pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
    shipping_amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (shipping_amount >= 0),
    discount_amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (discount_amount >= 0),
    total_amount    numeric(12,2) NOT NULL CHECK (total_amount >= 0),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, ordered_at)
);

-- RESTRICT on purpose: an order with items can be neither deleted nor given another key; cancel it by its status.
-- (CASCADE would be a trap: up to PostgreSQL 14 moving an order to another partition deletes it there, items included.)
CREATE TABLE IF NOT EXISTS order_items (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        bigint NOT NULL,
    ordered_at      timestamptz(3) NOT NULL,
    product_id      bigint NOT NULL REFERENCES products (id),
    quantity        integer NOT NULL CHECK (quantity > 0),
    unit_price      numeric(12,2) NOT NULL CHECK (unit_price >= 0),
    discount_amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (discount_amount >= 0),
    line_total      numeric(12,2) NOT NULL GENERATED ALWAYS AS (quantity * unit_price - discount_amount) STORED,
    CHECK (discount_amount <= quantity * unit_price),
    CONSTRAINT order_items_order_fkey FOREIGN KEY (order_id, ordered_at) REFERENCES orders (id, ordered_at)
        ON UPDATE RESTRICT ON DELETE RESTRICT
);

-- One customer per address, however it is written.
CREATE UNIQUE INDEX IF NOT EXISTS idx_customers_email ON customers (lower(email));

-- Every foreign key has an index; with the time as second column it also serves "of this customer, the latest first".
CREATE INDEX IF NOT EXISTS idx_categories_parent ON categories (parent_id);
CREATE INDEX IF NOT EXISTS idx_products_category ON products (category_id);
CREATE INDEX IF NOT EXISTS idx_orders_customer ON orders (customer_id, ordered_at);
CREATE INDEX IF NOT EXISTS idx_order_items_order ON order_items (order_id, ordered_at);
CREATE INDEX IF NOT EXISTS idx_order_items_product ON order_items (product_id, ordered_at);

-- What counts as a sale, said in one place.
CREATE OR REPLACE FUNCTION is_sale(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT status IN ('paid', 'shipped', 'delivered')
$$;

DROP TRIGGER IF EXISTS products_updated_at ON products;
CREATE TRIGGER products_updated_at BEFORE UPDATE ON products
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();

DROP TRIGGER IF EXISTS customers_updated_at ON customers;
CREATE TRIGGER customers_updated_at BEFORE UPDATE ON customers
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();

-- Once orders is partitioned, its trigger is the business of optimizations/002_partition_orders.sql.
DO $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'orders'::regclass) = 'r' THEN
        DROP TRIGGER IF EXISTS orders_updated_at ON orders;
        CREATE TRIGGER orders_updated_at BEFORE UPDATE ON orders
            FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();
    END IF;
END
$$;

COMMENT ON TABLE categories IS 'Product categories, a tree';
COMMENT ON COLUMN categories.parent_id IS 'Null at the root';
COMMENT ON COLUMN categories.slug IS 'Name in URLs';

COMMENT ON TABLE products IS 'What the shop sells';
COMMENT ON COLUMN products.price IS 'Present price of one unit, shop currency, tax included';
COMMENT ON COLUMN products.stock_quantity IS 'Units in stock';
COMMENT ON COLUMN products.active IS 'False: no longer sold, kept for its orders';
COMMENT ON COLUMN products.attributes IS 'Facts to filter by, such as {"colour": "red"}';

COMMENT ON TABLE customers IS 'Who buys; personal data';
COMMENT ON COLUMN customers.country_code IS 'ISO 3166-1 alpha-2';

COMMENT ON TABLE orders IS 'Orders, one row each, never deleted once they have items';
COMMENT ON COLUMN orders.id IS 'Unique by itself too: only the sequence hands it out';
COMMENT ON COLUMN orders.ordered_at IS 'When the order was placed; part of the key, hence never changed';
COMMENT ON COLUMN orders.shipping_amount IS 'Shop currency, tax included';
COMMENT ON COLUMN orders.discount_amount IS 'Discount on the whole order, shop currency';
COMMENT ON COLUMN orders.total_amount IS 'What the customer pays: items + shipping - discount, shop currency, tax included';

COMMENT ON TABLE order_items IS 'The lines of the orders';
COMMENT ON COLUMN order_items.ordered_at IS 'That of the order; the foreign key keeps the two equal';
COMMENT ON COLUMN order_items.unit_price IS 'Price of one unit when it was ordered, shop currency, tax included';
COMMENT ON COLUMN order_items.discount_amount IS 'Discount on the whole line, shop currency';
COMMENT ON COLUMN order_items.line_total IS 'Shop currency, tax included';

COMMENT ON FUNCTION is_sale(text) IS 'Whether an order of this status counts as a sale';

INSERT INTO schema_migrations (version, description) VALUES ('005', 'sales') ON CONFLICT DO NOTHING;
