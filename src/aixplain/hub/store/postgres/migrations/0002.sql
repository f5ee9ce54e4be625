CREATE TABLE keys (
    id text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    name text NOT NULL,
    hint text NOT NULL,
    is_admin boolean NOT NULL,
    models text[],
    limits text NOT NULL,
    model_limits text NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision,
    used_at double precision,
    revoked_at double precision
);

-- Credits that nobody told are unknown, which is not zero.
ALTER TABLE runs ALTER COLUMN credits DROP NOT NULL, ALTER COLUMN credits DROP DEFAULT;
UPDATE runs SET credits = NULL WHERE credits = 0;

-- The sums of the runs that ended, so that nobody reads a million of them. Days are counted from 1970. Connections add to rows of
-- their own, told apart by the slot, so that they don't wait for one another.
CREATE TABLE usage (
    day integer NOT NULL,
    caller text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    slot integer NOT NULL,
    runs bigint NOT NULL,
    prompt_tokens bigint,
    completion_tokens bigint,
    credits double precision,
    seconds double precision NOT NULL,
    PRIMARY KEY (day, caller, model, state, slot)
) WITH (fillfactor = 50);

-- What each key with limits used of a model, and of all of them under '': in the minute, on the day and in the month that the
-- numbers name, all counted from 1970, the month by its first day.
CREATE TABLE spent (
    caller text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    minute bigint NOT NULL,
    day integer NOT NULL,
    requests_minute bigint NOT NULL,
    requests_day bigint NOT NULL,
    tokens_minute bigint NOT NULL,
    tokens_day bigint NOT NULL,
    credits_month double precision NOT NULL,
    PRIMARY KEY (caller, model)
) WITH (fillfactor = 50);

CREATE TYPE ended_run AS (
    caller text, model text, state text, ended_at double precision, seconds double precision,
    prompt_tokens bigint, completion_tokens bigint, credits double precision
);

-- What a key used by a moment, as the ledger has it: for a key whose first request it is, and at the turn of a day.
CREATE FUNCTION spent_in_ledger(of_caller text, of_model text, at double precision) RETURNS spent LANGUAGE plpgsql AS $$
DECLARE
    found spent;
    month integer := extract(epoch FROM date_trunc('month', to_timestamp(at) AT TIME ZONE 'UTC')) / 86400;
BEGIN
    found.caller := of_caller;
    found.model := of_model;
    found.minute := floor(at / 60);
    found.day := floor(at / 86400);
    SELECT
        count(*) FILTER (WHERE accepted_at >= found.minute * 60), count(*),
        coalesce(sum(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)) FILTER (WHERE ended_at >= found.minute * 60), 0)
    INTO found.requests_minute, found.requests_day, found.tokens_minute
    FROM runs
    WHERE caller = of_caller AND of_model IN ('', model)
        AND accepted_at >= found.day * 86400.0 AND accepted_at < (found.day + 1) * 86400.0;
    SELECT
        coalesce(sum(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)) FILTER (WHERE day = found.day), 0),
        coalesce(sum(credits), 0)
    INTO found.tokens_day, found.credits_month
    FROM usage WHERE caller = of_caller AND of_model IN ('', model) AND day >= month AND day <= found.day;
    RETURN found;
END $$;

-- Lock the rows of a key and a model, those for '' first, and turn their windows. What comes later goes by the clock as it is then.
CREATE FUNCTION spent_now(of_caller text, of_model text) RETURNS SETOF spent LANGUAGE plpgsql AS $$
DECLARE
    at double precision := extract(epoch FROM clock_timestamp());
    found integer;
BEGIN
    SELECT count(*) INTO found FROM spent WHERE caller = of_caller AND model IN ('', of_model);
    IF found < 2 THEN
        INSERT INTO spent
        SELECT noted.* FROM unnest(ARRAY['', of_model]) AS each, spent_in_ledger(of_caller, each, at) AS noted ORDER BY each
        ON CONFLICT DO NOTHING;
    END IF;
    PERFORM FROM spent WHERE caller = of_caller AND model IN ('', of_model) ORDER BY model FOR UPDATE;
    at := extract(epoch FROM clock_timestamp());
    UPDATE spent SET
        (minute, day, requests_minute, requests_day, tokens_minute, tokens_day, credits_month) = (
            SELECT minute, day, requests_minute, requests_day, tokens_minute, tokens_day, credits_month
            FROM spent_in_ledger(spent.caller, spent.model, at)
        )
    WHERE caller = of_caller AND model IN ('', of_model) AND day <> floor(at / 86400);
    UPDATE spent SET minute = floor(at / 60), requests_minute = 0, tokens_minute = 0
    WHERE caller = of_caller AND model IN ('', of_model) AND minute <> floor(at / 60);
    RETURN QUERY SELECT * FROM spent WHERE caller = of_caller AND model IN ('', of_model) ORDER BY model;
END $$;

CREATE FUNCTION is_under(used spent, limits double precision[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(
        bool_and(each.used < most),
        true
    )
    FROM unnest(
        ARRAY[used.requests_minute, used.requests_day, used.tokens_minute, used.tokens_day, used.credits_month], limits
    ) AS each (used, most)
    WHERE most IS NOT NULL
$$;

-- Count a request, when what was used of all models and of its own is under the limits: requests in a minute and in a day, tokens
-- in a minute and in a day, credits in a month. Gives what was used before it, and by which clock.
CREATE FUNCTION admit(of_caller text, of_model text, limits double precision[], own_limits double precision[])
RETURNS TABLE (admitted boolean, at double precision, total spent, own spent) LANGUAGE plpgsql AS $$
BEGIN
    FOR own IN SELECT * FROM spent_now(of_caller, of_model) LOOP
        total := CASE WHEN own.model = '' THEN own ELSE total END;
    END LOOP;
    at := extract(epoch FROM clock_timestamp());
    admitted := is_under(total, limits) AND is_under(own, own_limits);
    IF admitted THEN
        UPDATE spent SET requests_minute = requests_minute + 1, requests_day = requests_day + 1
        WHERE caller = of_caller AND model IN ('', of_model);
    END IF;
    RETURN NEXT;
END $$;

-- Add runs that ended to the sums, and what they used to what their keys used. On another day than theirs that is counted anew.
CREATE FUNCTION sum_up(ended ended_run[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    at double precision;
BEGIN
    INSERT INTO usage AS sums
    SELECT
        floor(ended_at / 86400), caller, model, state, pg_backend_pid() % 16, count(*),
        sum(prompt_tokens), sum(completion_tokens), sum(credits), coalesce(sum(seconds), 0)
    FROM unnest(ended) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, caller, model, state, slot) DO UPDATE SET
        runs = sums.runs + excluded.runs,
        prompt_tokens = coalesce(sums.prompt_tokens + excluded.prompt_tokens, sums.prompt_tokens, excluded.prompt_tokens),
        completion_tokens = coalesce(
            sums.completion_tokens + excluded.completion_tokens, sums.completion_tokens, excluded.completion_tokens
        ),
        credits = coalesce(sums.credits + excluded.credits, sums.credits, excluded.credits),
        seconds = sums.seconds + excluded.seconds;
    PERFORM FROM spent
    WHERE (caller, model) IN (SELECT caller, unnest(ARRAY['', model]) FROM unnest(ended))
    ORDER BY caller, model FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    at := extract(epoch FROM clock_timestamp());
    UPDATE spent SET
        minute = floor(at / 60),
        requests_minute = CASE WHEN minute = floor(at / 60) THEN requests_minute ELSE 0 END,
        tokens_minute = CASE WHEN minute = floor(at / 60) THEN tokens_minute ELSE 0 END + used.tokens,
        tokens_day = tokens_day + used.tokens,
        credits_month = credits_month + used.credits
    FROM (
        SELECT
            caller AS of_caller, of_model, coalesce(sum(credits), 0) AS credits,
            sum(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)) AS tokens
        FROM unnest(ended), unnest(ARRAY['', model]) AS of_model GROUP BY 1, 2
    ) AS used
    WHERE caller = of_caller AND model = of_model AND day = floor(at / 86400);
END $$;
