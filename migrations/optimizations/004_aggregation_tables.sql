-- Sales per hour, day and month in tables, and refresh_sales_aggregates(), which fills any range of them, again and again.
-- Hours, days and months are in UTC; only orders that count as sales (is_sale) are in them.

CREATE TABLE IF NOT EXISTS hourly_sales (
    sales_hour      timestamptz PRIMARY KEY,
    orders_count    bigint NOT NULL,
    customers_count bigint NOT NULL,
    units_sold      bigint NOT NULL,
    revenue         numeric(12,2) NOT NULL,
    refreshed_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS daily_sales (
    sales_date      date PRIMARY KEY,
    orders_count    bigint NOT NULL,
    customers_count bigint NOT NULL,
    units_sold      bigint NOT NULL,
    revenue         numeric(12,2) NOT NULL,
    refreshed_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS monthly_sales (
    sales_month     date PRIMARY KEY CHECK (extract(day FROM sales_month) = 1),
    orders_count    bigint NOT NULL,
    customers_count bigint NOT NULL,
    units_sold      bigint NOT NULL,
    revenue         numeric(12,2) NOT NULL,
    refreshed_at    timestamptz NOT NULL DEFAULT now()
);

-- The figures of the hours, days or months that begin within a range: the one definition that all three tables share.
-- Each comes from the orders themselves, as distinct customers of hours do not add up to those of a day.
CREATE OR REPLACE FUNCTION sales_per(grain text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (began_at timestamptz, orders_count bigint, customers_count bigint, units_sold bigint, revenue numeric)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
SET timezone = 'UTC'
AS $$
    SELECT date_trunc(grain, o.ordered_at),
           count(*),
           count(DISTINCT o.customer_id),
           COALESCE(sum(i.units), 0)::bigint,
           sum(o.total_amount)
    FROM orders AS o
    LEFT JOIN (
        SELECT order_id, ordered_at, sum(quantity) AS units
        FROM order_items
        WHERE ordered_at >= from_time AND ordered_at < to_time
        GROUP BY order_id, ordered_at
    ) AS i ON i.order_id = o.id AND i.ordered_at = o.ordered_at
    WHERE o.ordered_at >= from_time AND o.ordered_at < to_time AND is_sale(o.status)
    GROUP BY 1
$$;

-- Replaces every hour, day and month that [from_time, to_time) touches, whole, and returns how many rows it wrote.
-- The same range again gives the same rows; ('-infinity', 'infinity') does everything.
CREATE OR REPLACE FUNCTION refresh_sales_aggregates(from_time timestamptz, to_time timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    last_instant timestamptz := to_time - INTERVAL '1 microsecond';
    lower_bound  timestamptz;
    upper_bound  timestamptz;
    written      bigint;
    total        bigint := 0;
BEGIN
    IF (from_time < to_time) IS NOT TRUE THEN
        RAISE EXCEPTION 'from_time (%) must be before to_time (%)', from_time, to_time;
    END IF;
    -- Two at a time would both insert the same hour; readers are not kept waiting.
    LOCK TABLE hourly_sales, daily_sales, monthly_sales IN SHARE ROW EXCLUSIVE MODE;

    lower_bound := date_trunc('hour', from_time);
    upper_bound := date_trunc('hour', last_instant) + INTERVAL '1 hour';
    DELETE FROM hourly_sales WHERE sales_hour >= lower_bound AND sales_hour < upper_bound;
    INSERT INTO hourly_sales (sales_hour, orders_count, customers_count, units_sold, revenue)
    SELECT * FROM sales_per('hour', lower_bound, upper_bound);
    GET DIAGNOSTICS written = ROW_COUNT;
    total := total + written;

    lower_bound := date_trunc('day', from_time);
    upper_bound := date_trunc('day', last_instant) + INTERVAL '1 day';
    DELETE FROM daily_sales WHERE sales_date >= lower_bound AND sales_date < upper_bound;
    INSERT INTO daily_sales (sales_date, orders_count, customers_count, units_sold, revenue)
    SELECT * FROM sales_per('day', lower_bound, upper_bound);
    GET DIAGNOSTICS written = ROW_COUNT;
    total := total + written;

    lower_bound := date_trunc('month', from_time);
    upper_bound := date_trunc('month', last_instant) + INTERVAL '1 month';
    DELETE FROM monthly_sales WHERE sales_month >= lower_bound AND sales_month < upper_bound;
    INSERT INTO monthly_sales (sales_month, orders_count, customers_count, units_sold, revenue)
    SELECT * FROM sales_per('month', lower_bound, upper_bound);
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN total + written;
END
$$;

COMMENT ON TABLE hourly_sales IS 'Sales per UTC hour; hours without sales have no row';
COMMENT ON COLUMN hourly_sales.sales_hour IS 'When the hour begins';
COMMENT ON COLUMN hourly_sales.revenue IS 'Sum of orders.total_amount, shop currency';
COMMENT ON TABLE daily_sales IS 'Sales per UTC day; days without sales have no row';
COMMENT ON COLUMN daily_sales.customers_count IS 'Distinct customers of the day; not additive';
COMMENT ON COLUMN daily_sales.revenue IS 'Sum of orders.total_amount, shop currency';
COMMENT ON TABLE monthly_sales IS 'Sales per UTC month; months without sales have no row';
COMMENT ON COLUMN monthly_sales.sales_month IS 'First day of the month';
COMMENT ON COLUMN monthly_sales.customers_count IS 'Distinct customers of the month; not additive';
COMMENT ON COLUMN monthly_sales.revenue IS 'Sum of orders.total_amount, shop currency';
COMMENT ON FUNCTION sales_per(text, timestamptz, timestamptz) IS
    'Sales per grain (hour, day, month; UTC) of the orders in [from_time, to_time), which should be whole hours, days or months';
COMMENT ON FUNCTION refresh_sales_aggregates(timestamptz, timestamptz) IS
    'Fills hourly_sales, daily_sales and monthly_sales anew for all that [from_time, to_time) touches; returns the number of rows written';

-- The first fill; afterwards a job calls the function for what has changed.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM monthly_sales) THEN
        PERFORM refresh_sales_aggregates('-infinity', 'infinity');
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dashuser') THEN
        GRANT SELECT ON hourly_sales, daily_sales, monthly_sales TO dashuser;
    END IF;
END
$$;

INSERT INTO schema_migrations (version, description) VALUES ('optimizations/004', 'aggregation tables') ON CONFLICT DO NOTHING;
