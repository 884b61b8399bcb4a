-- orders becomes a table partitioned by month, with all that it holds and all that hangs on it,
-- and create_order_partitions() makes the months to come. All month bounds are in UTC.

-- Why there is a DEFAULT partition: without one, a shop whose monthly job has not run refuses orders on the first of
-- the month. With one, such orders wait in orders_default, and the next call moves them to the month they belong to.

-- Makes the partition of a month and returns its name, or null if it is there already.
-- Filled first and attached then: a month whose rows lie in orders_default could not be created in place.
CREATE OR REPLACE FUNCTION create_order_partition(month date) RETURNS text
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    lower_bound   timestamptz := date_trunc('month', month::timestamptz);
    upper_bound   timestamptz := lower_bound + INTERVAL '1 month';
    new_partition text := 'orders_' || to_char(lower_bound, 'YYYY_MM');
    owner         text := (SELECT relowner::regrole FROM pg_class WHERE oid = 'orders'::regclass);
    drop_keys     text;
    remake_keys   text;
    definition    text;
BEGIN
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'orders'::regclass AND inhrelid = to_regclass(new_partition)) THEN
        RETURN NULL;
    END IF;

    EXECUTE format('CREATE TABLE %I (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', new_partition);
    EXECUTE format('ALTER TABLE %I OWNER TO %s', new_partition, owner);

    -- Rows that wait in orders_default: the foreign keys that hold them there are taken off and, checked anew, put back.
    IF EXISTS (SELECT FROM orders_default WHERE ordered_at >= lower_bound AND ordered_at < upper_bound) THEN
        LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
        SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), '; '),
               string_agg(format('ALTER TABLE %1$s ADD CONSTRAINT %2$I %3$s; COMMENT ON CONSTRAINT %2$I ON %1$s IS %4$L',
                                 conrelid::regclass, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')), '; ')
        INTO drop_keys, remake_keys
        FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'orders'::regclass AND conparentid = 0;

        EXECUTE COALESCE(drop_keys, '');
        EXECUTE format(
            'WITH moved AS (DELETE FROM orders_default WHERE ordered_at >= $1 AND ordered_at < $2 RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved', new_partition) USING lower_bound, upper_bound;
    END IF;

    EXECUTE format('ALTER TABLE orders ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', new_partition, lower_bound, upper_bound);
    EXECUTE COALESCE(remake_keys, '');

    -- Triggers that orders_default has by itself, as on PostgreSQL 12; see below.
    FOR definition IN
        SELECT replace(pg_get_triggerdef(t.oid), ' ON public.orders_default ', format(' ON %I ', new_partition))
        FROM pg_trigger AS t
        WHERE t.tgrelid = 'orders_default'::regclass
          AND NOT t.tgisinternal
          AND NOT EXISTS (SELECT FROM pg_trigger AS p WHERE p.tgrelid = 'orders'::regclass AND p.tgname = t.tgname)
    LOOP
        EXECUTE definition;
    END LOOP;

    RETURN new_partition;
END
$$;

CREATE OR REPLACE FUNCTION create_order_partitions(months_ahead integer DEFAULT 3) RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    this_month timestamptz := date_trunc('month', now());
    -- An array, not a loop over the query: a table that is being read cannot be altered.
    months     date[] := ARRAY(
        SELECT generate_series(this_month, this_month + months_ahead * INTERVAL '1 month', INTERVAL '1 month')::date
        UNION
        SELECT date_trunc('month', ordered_at)::date FROM orders_default
        ORDER BY 1);
BEGIN
    RETURN QUERY
        SELECT made.name
        FROM unnest(months) AS month, create_order_partition(month) AS made (name)
        WHERE made.name IS NOT NULL;
END
$$;

COMMENT ON FUNCTION create_order_partition(date) IS
    'Makes the partition of orders for the month of this day (UTC); returns its name, or null if it is there';
COMMENT ON FUNCTION create_order_partitions(integer) IS
    'Makes the partitions of orders for this month, the coming ones and rows in orders_default; returns their names. Call it monthly';

-- The swap. One statement, hence one transaction however this file is run: all of it happens, or nothing.
-- Other sessions wait for orders meanwhile. Views on orders stop it: they would hold on to the old table.
DO $$
DECLARE
    owner         text;
    remake        text[];
    part_triggers text[];
    statement     text;
    old_rows      record;
    new_rows      record;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'orders'::regclass) = 'p' THEN
        RETURN;
    END IF;
    LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;

    -- What is not carried over must not get lost unseen.
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'orders'::regclass AND (relrowsecurity OR relreplident <> 'd'))
        OR EXISTS (SELECT FROM pg_policy WHERE polrelid = 'orders'::regclass)
        OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = 'orders'::regclass)
        OR EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = 'orders'::regclass)
        OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgenabled <> 'O')
    THEN
        RAISE EXCEPTION 'orders has row security, a replica identity, policies, rules, publications or disabled triggers'
            USING HINT = 'Take them off, run this again, then put them on the partitioned table.';
    END IF;

    -- What hangs on orders, as statements to run again on the new table. LIKE copies the rest: columns, defaults, checks.
    owner := (SELECT relowner::regrole FROM pg_class WHERE oid = 'orders'::regclass);
    remake := ARRAY(
        SELECT pg_get_indexdef(indexrelid)
        FROM pg_index
        WHERE indrelid = 'orders'::regclass
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = indrelid AND conindid = indexrelid)
        ORDER BY indexrelid);
    remake := remake || ARRAY(
        SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE (conrelid = 'orders'::regclass AND contype IN ('p', 'u', 'x', 'f') OR confrelid = 'orders'::regclass) AND conparentid = 0
        ORDER BY contype = 'f', oid);
    -- PostgreSQL 12 has BEFORE ROW triggers on single partitions only. There orders_default gets them, and
    -- create_order_partition() passes them on.
    part_triggers := ARRAY(
        SELECT replace(pg_get_triggerdef(oid), ' ON public.orders ', ' ON orders_default ')
        FROM pg_trigger
        WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal AND tgtype & 3 = 3
          AND current_setting('server_version_num')::integer < 130000);
    remake := remake || ARRAY(
        SELECT pg_get_triggerdef(oid)
        FROM pg_trigger
        WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal
          AND (tgtype & 3 <> 3 OR current_setting('server_version_num')::integer >= 130000));
    remake := remake || ARRAY(
        SELECT format('COMMENT ON %s %s IS %L', replace(o.type, 'table ', ''), o.identity, d.description)
        FROM pg_description AS d, pg_identify_object(d.classoid, d.objoid, 0) AS o
        WHERE d.objsubid = 0
          AND (d.classoid, d.objoid) IN (
              SELECT 'pg_class'::regclass, 'orders'::regclass
              UNION ALL
              SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_class'::regclass AND refobjid = 'orders'::regclass));
    remake := remake || ARRAY(
        SELECT format('GRANT %s%s ON %s TO %s%s', a.privilege_type, ' (' || quote_ident(g.column_name) || ')', g.target,
                      COALESCE(NULLIF(a.grantee, 0)::regrole::text, 'PUBLIC'), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
        FROM (
            SELECT relacl, NULL, 'orders' FROM pg_class WHERE oid = 'orders'::regclass
            UNION ALL
            SELECT attacl, attname, 'orders' FROM pg_attribute WHERE attrelid = 'orders'::regclass
            UNION ALL
            SELECT relacl, NULL, 'SEQUENCE orders_id_seq' FROM pg_class WHERE oid = 'orders_id_seq'::regclass
        ) AS g (acl, column_name, target), aclexplode(g.acl) AS a);

    -- The new table under the old name; its months; the rows; the next id.
    ALTER TABLE orders RENAME TO orders_unpartitioned;
    ALTER SEQUENCE orders_id_seq RENAME TO orders_unpartitioned_id_seq;
    CREATE TABLE orders (LIKE orders_unpartitioned INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (ordered_at);
    EXECUTE format('ALTER TABLE orders OWNER TO %s', owner);
    CREATE TABLE orders_default PARTITION OF orders DEFAULT;
    EXECUTE format('ALTER TABLE orders_default OWNER TO %s', owner);
    FOREACH statement IN ARRAY part_triggers LOOP
        EXECUTE statement;
    END LOOP;

    PERFORM create_order_partition(month)
    FROM unnest(ARRAY(SELECT DISTINCT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date FROM orders_unpartitioned)) AS month;
    PERFORM create_order_partitions();

    INSERT INTO orders OVERRIDING SYSTEM VALUE SELECT * FROM orders_unpartitioned;
    PERFORM setval('orders_id_seq', last_value, is_called) FROM orders_unpartitioned_id_seq;

    -- Every row must have arrived as it was: the count, and a sum over the rows that does not depend on their order.
    SELECT count(*), sum(hashtextextended(o::text, 0)::numeric) INTO old_rows FROM orders_unpartitioned AS o;
    SELECT count(*), sum(hashtextextended(o::text, 0)::numeric) INTO new_rows FROM orders AS o;
    IF new_rows IS DISTINCT FROM old_rows THEN
        RAISE EXCEPTION 'orders had % before partitioning, % after', old_rows, new_rows;
    END IF;

    -- The old table goes; foreign keys to it first, to be remade and checked against the new one.
    FOR statement IN
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint
        WHERE confrelid = 'orders_unpartitioned'::regclass AND conparentid = 0
    LOOP
        EXECUTE statement;
    END LOOP;
    DROP TABLE orders_unpartitioned;
    FOREACH statement IN ARRAY remake LOOP
        EXECUTE statement;
    END LOOP;

    -- Autovacuum analyzes partitions but never the whole.
    ANALYZE orders;
END
$$;

INSERT INTO schema_migrations (version, description) VALUES ('optimizations/002', 'partition orders') ON CONFLICT DO NOTHING;
