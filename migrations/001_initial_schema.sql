-- The analytics tables: daily figures, visitor events, A/B tests, funnels and the dashboard's own logs.
-- Throughout: days are UTC days, money is in the shop's one currency, rates and shares are ratios from 0 to 1.

-- A migration runner may have made this table before, with further columns.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version     text PRIMARY KEY,
    description text,
    applied_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS daily_metrics (
    metric_date         date PRIMARY KEY,
    visitors            bigint NOT NULL DEFAULT 0 CHECK (visitors >= 0),
    sessions            bigint NOT NULL DEFAULT 0 CHECK (sessions >= 0),
    page_views          bigint NOT NULL DEFAULT 0 CHECK (page_views >= 0),
    orders_count        bigint NOT NULL DEFAULT 0 CHECK (orders_count >= 0),
    new_customers       bigint NOT NULL DEFAULT 0 CHECK (new_customers >= 0),
    revenue             numeric(12,2) NOT NULL DEFAULT 0 CHECK (revenue >= 0),
    bounce_rate         numeric(5,4) CHECK (bounce_rate BETWEEN 0 AND 1),
    avg_session_seconds numeric(10,2) CHECK (avg_session_seconds >= 0),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS user_behavior (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at  timestamptz NOT NULL DEFAULT now(),
    session_id   text NOT NULL,
    customer_id  bigint,
    event_type   text NOT NULL CHECK (event_type IN (
                     'page_view', 'product_view', 'search', 'add_to_cart', 'remove_from_cart', 'checkout_start', 'purchase')),
    page_path    text,
    product_sku  text,
    device_type  text CHECK (device_type IN ('desktop', 'mobile', 'tablet')),
    country_code text CHECK (country_code ~ '^[A-Z]{2}$'),
    duration_ms  integer CHECK (duration_ms >= 0),
    properties   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(properties) = 'object')
);

CREATE TABLE IF NOT EXISTS products_summary (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku            text NOT NULL UNIQUE,
    product_name   text NOT NULL,
    category       text NOT NULL,
    tags           text[] NOT NULL DEFAULT '{}',
    views          bigint NOT NULL DEFAULT 0 CHECK (views >= 0),
    add_to_carts   bigint NOT NULL DEFAULT 0 CHECK (add_to_carts >= 0),
    orders_count   bigint NOT NULL DEFAULT 0 CHECK (orders_count >= 0),
    units_sold     bigint NOT NULL DEFAULT 0 CHECK (units_sold >= 0),
    revenue        numeric(12,2) NOT NULL DEFAULT 0 CHECK (revenue >= 0),
    stock_quantity integer NOT NULL DEFAULT 0 CHECK (stock_quantity >= 0),
    rating         numeric(3,2) CHECK (rating BETWEEN 1 AND 5),
    last_sold_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS traffic_sources (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_date  date NOT NULL,
    source       text NOT NULL,
    medium       text NOT NULL,
    campaign     text NOT NULL DEFAULT '',
    visitors     bigint NOT NULL DEFAULT 0 CHECK (visitors >= 0),
    sessions     bigint NOT NULL DEFAULT 0 CHECK (sessions >= 0),
    orders_count bigint NOT NULL DEFAULT 0 CHECK (orders_count >= 0),
    revenue      numeric(12,2) NOT NULL DEFAULT 0 CHECK (revenue >= 0),
    cost         numeric(12,2) NOT NULL DEFAULT 0 CHECK (cost >= 0),
    UNIQUE (metric_date, source, medium, campaign)
);

CREATE TABLE IF NOT EXISTS ab_test_scenarios (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL UNIQUE,
    hypothesis     text NOT NULL,
    primary_metric text NOT NULL CHECK (primary_metric IN ('conversion_rate', 'aov', 'revenue_per_visitor', 'bounce_rate')),
    traffic_share  numeric(5,4) NOT NULL DEFAULT 1 CHECK (traffic_share > 0 AND traffic_share <= 1),
    status         text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'paused', 'completed')),
    starts_at      timestamptz,
    ends_at        timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (ends_at > starts_at),
    CHECK (status = 'draft' OR starts_at IS NOT NULL)
);

CREATE TABLE IF NOT EXISTS ab_test_results (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scenario_id bigint NOT NULL REFERENCES ab_test_scenarios (id),
    variant     text NOT NULL,
    metric_date date NOT NULL,
    visitors    bigint NOT NULL DEFAULT 0 CHECK (visitors >= 0),
    conversions bigint NOT NULL DEFAULT 0 CHECK (conversions >= 0),
    revenue     numeric(12,2) NOT NULL DEFAULT 0 CHECK (revenue >= 0),
    CHECK (conversions <= visitors),
    UNIQUE (scenario_id, variant, metric_date)
);

CREATE TABLE IF NOT EXISTS funnel_stages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_date date NOT NULL,
    funnel_name text NOT NULL DEFAULT 'checkout',
    stage_order smallint NOT NULL CHECK (stage_order > 0),
    stage_name  text NOT NULL,
    entered     bigint NOT NULL DEFAULT 0 CHECK (entered >= 0),
    completed   bigint NOT NULL DEFAULT 0 CHECK (completed >= 0),
    avg_seconds numeric(10,2) CHECK (avg_seconds >= 0),
    CHECK (completed <= entered),
    UNIQUE (metric_date, funnel_name, stage_order)
);

CREATE TABLE IF NOT EXISTS dashboard_logs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    logged_at   timestamptz NOT NULL DEFAULT now(),
    level       text NOT NULL DEFAULT 'info' CHECK (level IN ('debug', 'info', 'warning', 'error')),
    component   text NOT NULL,
    message     text NOT NULL,
    user_name   text,
    duration_ms integer CHECK (duration_ms >= 0),
    context     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(context) = 'object')
);

CREATE TABLE IF NOT EXISTS query_performance (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    query_hash    text NOT NULL,
    query_text    text NOT NULL,
    component     text,
    duration_ms   numeric(12,3) NOT NULL CHECK (duration_ms >= 0),
    rows_returned bigint CHECK (rows_returned >= 0)
);

COMMENT ON TABLE daily_metrics IS 'Key figures of the whole shop, one row per UTC day';
COMMENT ON COLUMN daily_metrics.visitors IS 'Distinct visitors of the day; not additive over days';
COMMENT ON COLUMN daily_metrics.revenue IS 'Shop currency, tax included';
COMMENT ON COLUMN daily_metrics.bounce_rate IS 'Ratio 0 to 1: sessions with a single page view';
COMMENT ON COLUMN daily_metrics.avg_session_seconds IS 'Mean session length in seconds';

COMMENT ON TABLE user_behavior IS 'What visitors do, one row per event; only ever appended';
COMMENT ON COLUMN user_behavior.customer_id IS 'customers.id of a signed-in visitor; no foreign key, as events outlive the customer';
COMMENT ON COLUMN user_behavior.product_sku IS 'SKU as seen on the page; no foreign key, as events outlive the product';
COMMENT ON COLUMN user_behavior.country_code IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN user_behavior.duration_ms IS 'Time spent until the next event, in milliseconds';
COMMENT ON COLUMN user_behavior.properties IS 'Further facts of the event, such as {"query": "shoes"} of a search';

COMMENT ON TABLE products_summary IS 'Totals since the launch, one row per product';
COMMENT ON COLUMN products_summary.revenue IS 'Shop currency, before shipping and order discounts';
COMMENT ON COLUMN products_summary.stock_quantity IS 'Units in stock';
COMMENT ON COLUMN products_summary.rating IS 'Mean of the reviews, 1 to 5; null without reviews';

COMMENT ON TABLE traffic_sources IS 'Where visitors came from, one row per UTC day, source, medium and campaign';
COMMENT ON COLUMN traffic_sources.medium IS 'As utm_medium: organic, cpc, email, referral';
COMMENT ON COLUMN traffic_sources.campaign IS 'Empty when there is none: null would not be unique';
COMMENT ON COLUMN traffic_sources.cost IS 'Advertising spend, shop currency';

COMMENT ON TABLE ab_test_scenarios IS 'A/B tests, one row per test';
COMMENT ON COLUMN ab_test_scenarios.primary_metric IS 'The figure that decides the test';
COMMENT ON COLUMN ab_test_scenarios.traffic_share IS 'Share of the visitors who take part, more than 0, up to 1';

COMMENT ON TABLE ab_test_results IS 'Results of the A/B tests, one row per test, variant and UTC day';
COMMENT ON COLUMN ab_test_results.variant IS 'The variant called control is the one that the others are compared with';
COMMENT ON COLUMN ab_test_results.revenue IS 'Shop currency';

COMMENT ON TABLE funnel_stages IS 'How many visitors pass each stage of a funnel, one row per UTC day and stage';
COMMENT ON COLUMN funnel_stages.stage_order IS 'Position in the funnel, from 1';
COMMENT ON COLUMN funnel_stages.entered IS 'Sessions that reached the stage';
COMMENT ON COLUMN funnel_stages.completed IS 'Sessions that went on to the next stage';
COMMENT ON COLUMN funnel_stages.avg_seconds IS 'Mean time in the stage, in seconds';

COMMENT ON TABLE dashboard_logs IS 'What the dashboard logs; only ever appended';
COMMENT ON COLUMN dashboard_logs.duration_ms IS 'How long the logged action took, in milliseconds';

COMMENT ON TABLE query_performance IS 'Run times of the dashboard''s queries, one row per execution; only ever appended';
COMMENT ON COLUMN query_performance.query_hash IS 'Fingerprint: the same for queries that differ in their constants only';
COMMENT ON COLUMN query_performance.duration_ms IS 'Milliseconds';

-- The runner's table keeps the runner's comment, and its owner.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_class
        WHERE oid = 'schema_migrations'::regclass
          AND pg_has_role(relowner, 'USAGE')
          AND obj_description(oid, 'pg_class') IS NULL
    ) THEN
        COMMENT ON TABLE schema_migrations IS 'Which migrations have run, one row per file';
    END IF;
END
$$;

INSERT INTO schema_migrations (version, description) VALUES ('001', 'initial schema') ON CONFLICT DO NOTHING;
