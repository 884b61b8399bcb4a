-- Indexes for the dashboard's queries, and the views that it shows.
-- Primary keys and unique constraints serve as indexes too; what they cover is not repeated here.

-- Visitor events: the path of a session, the history of a customer, the interest in a product, the trend of an event.
CREATE INDEX IF NOT EXISTS idx_user_behavior_session ON user_behavior (session_id, occurred_at);
CREATE INDEX IF NOT EXISTS idx_user_behavior_customer ON user_behavior (customer_id, occurred_at) WHERE customer_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_user_behavior_product ON user_behavior (product_sku, occurred_at) WHERE product_sku IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_user_behavior_event ON user_behavior (event_type, occurred_at);
CREATE INDEX IF NOT EXISTS idx_user_behavior_properties ON user_behavior USING gin (properties jsonb_path_ops);
-- Events arrive in the order of time: a BRIN index of a few pages finds a time range.
CREATE INDEX IF NOT EXISTS idx_user_behavior_occurred_at ON user_behavior USING brin (occurred_at);

-- Products: the best sellers, over all and of a category, what runs out, search by tag and by the beginning of the name.
CREATE INDEX IF NOT EXISTS idx_products_summary_revenue ON products_summary (revenue DESC);
CREATE INDEX IF NOT EXISTS idx_products_summary_category ON products_summary (category, revenue DESC);
CREATE INDEX IF NOT EXISTS idx_products_summary_low_stock ON products_summary (stock_quantity) WHERE stock_quantity < 10;
CREATE INDEX IF NOT EXISTS idx_products_summary_tags ON products_summary USING gin (tags);
CREATE INDEX IF NOT EXISTS idx_products_summary_name ON products_summary (lower(product_name) text_pattern_ops);

-- Traffic: the history of a source from the index alone, and of a campaign.
CREATE INDEX IF NOT EXISTS idx_traffic_sources_source ON traffic_sources (source, metric_date) INCLUDE (sessions, orders_count, revenue);
CREATE INDEX IF NOT EXISTS idx_traffic_sources_campaign ON traffic_sources (campaign, metric_date) WHERE campaign <> '';

-- Tests and funnels: all tests of a day, one stage over time.
CREATE INDEX IF NOT EXISTS idx_ab_test_results_date ON ab_test_results (metric_date);
CREATE INDEX IF NOT EXISTS idx_funnel_stages_stage ON funnel_stages (funnel_name, stage_order, metric_date) INCLUDE (entered, completed);

-- Logs: the latest of a component, the latest errors, words in messages, a time range.
CREATE INDEX IF NOT EXISTS idx_dashboard_logs_component ON dashboard_logs (component, logged_at);
CREATE INDEX IF NOT EXISTS idx_dashboard_logs_errors ON dashboard_logs (logged_at) WHERE level = 'error';
CREATE INDEX IF NOT EXISTS idx_dashboard_logs_message ON dashboard_logs USING gin (to_tsvector('english', message));
CREATE INDEX IF NOT EXISTS idx_dashboard_logs_logged_at ON dashboard_logs USING brin (logged_at);

-- Queries: the run times of one query from the index alone, the slowest ones, a time range.
CREATE INDEX IF NOT EXISTS idx_query_performance_query ON query_performance (query_hash, recorded_at) INCLUDE (duration_ms);
CREATE INDEX IF NOT EXISTS idx_query_performance_slow ON query_performance (duration_ms DESC) WHERE duration_ms >= 1000;
CREATE INDEX IF NOT EXISTS idx_query_performance_recorded_at ON query_performance USING brin (recorded_at);

CREATE OR REPLACE VIEW v_daily_kpis AS
SELECT d.metric_date,
       d.visitors,
       d.sessions,
       d.page_views,
       d.orders_count,
       d.revenue,
       round(d.orders_count::numeric / NULLIF(d.sessions, 0), 4) AS conversion_rate,
       round(d.revenue / NULLIF(d.orders_count, 0), 2) AS aov,
       round(d.revenue / NULLIF(d.visitors, 0), 2) AS revenue_per_visitor,
       -- RANGE, not ROWS: a missing day must not stretch the week.
       round(avg(d.revenue) OVER (ORDER BY d.metric_date RANGE BETWEEN INTERVAL '6 days' PRECEDING AND CURRENT ROW), 2) AS revenue_7d_avg,
       round(d.revenue / NULLIF(w.revenue, 0) - 1, 4) AS revenue_change
FROM daily_metrics AS d
LEFT JOIN daily_metrics AS w ON w.metric_date = d.metric_date - 7;

CREATE OR REPLACE VIEW v_top_products AS
SELECT rank() OVER (ORDER BY revenue DESC) AS revenue_rank,
       rank() OVER (PARTITION BY category ORDER BY revenue DESC) AS category_rank,
       sku,
       product_name,
       category,
       units_sold,
       orders_count,
       revenue,
       round(revenue / NULLIF(sum(revenue) OVER (), 0), 4) AS revenue_share,
       round(orders_count::numeric / NULLIF(views, 0), 4) AS conversion_rate,
       stock_quantity,
       rating
FROM products_summary;

CREATE OR REPLACE VIEW v_ab_test_summary AS
WITH totals AS (
    SELECT scenario_id,
           variant,
           count(*) AS days,
           sum(visitors)::bigint AS visitors,
           sum(conversions)::bigint AS conversions,
           sum(revenue) AS revenue,
           sum(conversions) / NULLIF(sum(visitors), 0) AS rate
    FROM ab_test_results
    GROUP BY scenario_id, variant
)
SELECT s.id AS scenario_id,
       s.name AS scenario_name,
       s.status,
       t.variant,
       t.days,
       t.visitors,
       t.conversions,
       t.revenue,
       round(t.rate, 4) AS conversion_rate,
       round(t.revenue / NULLIF(t.conversions, 0), 2) AS aov,
       round(t.revenue / NULLIF(t.visitors, 0), 2) AS revenue_per_visitor,
       round(t.rate / NULLIF(c.rate, 0) - 1, 4) AS lift,
       -- Two-proportion z-test: both variants pooled give the expected spread.
       round((t.rate - c.rate) / NULLIF(sqrt(p.rate * (1 - p.rate)
             * (1 / NULLIF(t.visitors, 0)::numeric + 1 / NULLIF(c.visitors, 0)::numeric)), 0), 3) AS z_score
FROM ab_test_scenarios AS s
LEFT JOIN totals AS t ON t.scenario_id = s.id
LEFT JOIN totals AS c ON c.scenario_id = s.id AND c.variant = 'control' AND t.variant <> 'control'
LEFT JOIN LATERAL (SELECT (t.conversions + c.conversions) / NULLIF(t.visitors + c.visitors, 0)::numeric AS rate) AS p ON true;

COMMENT ON VIEW v_daily_kpis IS 'Key figures per UTC day; conversion_rate = orders per session, aov = average order value';
COMMENT ON COLUMN v_daily_kpis.revenue_7d_avg IS 'Mean daily revenue of this day and the six before it';
COMMENT ON COLUMN v_daily_kpis.revenue_change IS 'Ratio: against the same weekday of the week before, 0.1 = 10 % more';
COMMENT ON VIEW v_top_products IS 'Products ranked by revenue; conversion_rate = orders per product view';
COMMENT ON COLUMN v_top_products.revenue_share IS 'Ratio 0 to 1: share of the revenue of all products';
COMMENT ON VIEW v_ab_test_summary IS 'A/B tests, one row per test and variant, compared with the variant control';
COMMENT ON COLUMN v_ab_test_summary.lift IS 'Ratio: conversion rate against control, 0.1 = 10 % better';
COMMENT ON COLUMN v_ab_test_summary.z_score IS 'Two-proportion z-test against control: beyond +-1.96 the difference is significant at 5 %';

INSERT INTO schema_migrations (version, description) VALUES ('002', 'indexes and views') ON CONFLICT DO NOTHING;
