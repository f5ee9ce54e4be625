-- name: admit
-- The rows of one key are locked before those of the next, in one order, so that no two batches wait for each other.
SELECT
    place, admitted, at,
    (total).requests_minute, (total).requests_day, (total).tokens_minute, (total).tokens_day, (total).credits_month,
    (own).requests_minute, (own).requests_day, (own).tokens_minute, (own).tokens_day, (own).credits_month
FROM (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
        AS asked (caller, model, limits, own_limits, place)
    ORDER BY caller, place
) AS asked, admit(caller, model, limits::float8[], own_limits::float8[]);

-- name: so_far
SELECT asked, requests_minute, requests_day, tokens_minute, tokens_day, credits_month
FROM
    unnest($2::text[]) AS asked,
    (SELECT extract(epoch FROM now())::float8 AS at) AS clock,
    LATERAL (
        SELECT
            CASE WHEN minute = floor(at / 60) THEN requests_minute ELSE 0 END AS requests_minute, requests_day,
            CASE WHEN minute = floor(at / 60) THEN tokens_minute ELSE 0 END AS tokens_minute, tokens_day, credits_month
        FROM spent WHERE caller = $1 AND model = asked AND day = floor(at / 86400)
        UNION ALL
        SELECT requests_minute, requests_day, tokens_minute, tokens_day, credits_month FROM spent_in_ledger($1, asked, at)
        LIMIT 1
    ) AS used;
