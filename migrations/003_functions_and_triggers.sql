-- The function and triggers that keep updated_at, and the two figures that every report needs.

CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

-- numeric takes every integer type and sum(); without visitors or orders the figure is unknown: null, not an error.
CREATE OR REPLACE FUNCTION calculate_conversion_rate(conversions numeric, visitors numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(conversions / NULLIF(visitors, 0), 4)
$$;

CREATE OR REPLACE FUNCTION calculate_aov(revenue numeric, orders_count numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(revenue / NULLIF(orders_count, 0), 2)
$$;

COMMENT ON FUNCTION update_updated_at_column() IS 'Trigger: sets updated_at to the time of the transaction';
COMMENT ON FUNCTION calculate_conversion_rate(numeric, numeric) IS 'Conversions per visitor, ratio 0 to 1; null without visitors';
COMMENT ON FUNCTION calculate_aov(numeric, numeric) IS 'Average order value, shop currency; null without orders';

-- CREATE OR REPLACE TRIGGER would need PostgreSQL 14. An update that changes nothing is no change: hence the WHEN.
DROP TRIGGER IF EXISTS daily_metrics_updated_at ON daily_metrics;
CREATE TRIGGER daily_metrics_updated_at BEFORE UPDATE ON daily_metrics
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();

DROP TRIGGER IF EXISTS products_summary_updated_at ON products_summary;
CREATE TRIGGER products_summary_updated_at BEFORE UPDATE ON products_summary
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();

DROP TRIGGER IF EXISTS ab_test_scenarios_updated_at ON ab_test_scenarios;
CREATE TRIGGER ab_test_scenarios_updated_at BEFORE UPDATE ON ab_test_scenarios
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION update_updated_at_column();

INSERT INTO schema_migrations (version, description) VALUES ('003', 'functions and triggers') ON CONFLICT DO NOTHING;
