-- Five A/B tests to begin with, and the rights of the dashboard's role.

-- NOT EXISTS first: a conflict alone would use up ids on every run.
INSERT INTO ab_test_scenarios (name, hypothesis, primary_metric, traffic_share)
SELECT name, hypothesis, primary_metric, traffic_share
FROM (VALUES
    ('one_page_checkout', 'A checkout on one page loses fewer buyers than one in four steps', 'conversion_rate', 0.5),
    ('free_shipping_threshold', 'Free shipping from 50 on makes orders bigger', 'aov', 1.0),
    ('reviews_above_the_fold', 'Reviews beside the price make more visitors buy', 'conversion_rate', 0.5),
    ('search_suggestions', 'Suggestions while typing bring visitors to what they came for', 'revenue_per_visitor', 0.3),
    ('lightweight_landing_page', 'A landing page that loads in a second keeps visitors', 'bounce_rate', 0.2)
) AS seed (name, hypothesis, primary_metric, traffic_share)
WHERE NOT EXISTS (SELECT FROM ab_test_scenarios AS s WHERE s.name = seed.name)
ON CONFLICT (name) DO NOTHING;

-- The dashboard reads everything and writes only what it measures itself.
-- If the role is made later, run this file again.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dashuser') THEN
        GRANT SELECT ON
            daily_metrics, user_behavior, products_summary, traffic_sources, ab_test_scenarios, ab_test_results,
            funnel_stages, dashboard_logs, query_performance, v_daily_kpis, v_top_products, v_ab_test_summary
        TO dashuser;
        GRANT INSERT ON user_behavior, dashboard_logs, query_performance TO dashuser;
    END IF;
END
$$;

INSERT INTO schema_migrations (version, description) VALUES ('004', 'seed data') ON CONFLICT DO NOTHING;
