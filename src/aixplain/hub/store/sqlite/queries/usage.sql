-- name: sums
SELECT
    CASE WHEN :by_day THEN day END,
    CASE WHEN :by_model THEN model END,
    CASE WHEN :by_key THEN caller END,
    CASE WHEN :by_key THEN (SELECT name FROM keys WHERE id = caller) END,
    sum(runs),
    coalesce(sum(runs) FILTER (WHERE state = 'finished'), 0),
    coalesce(sum(runs) FILTER (WHERE state = 'canceled'), 0),
    sum(prompt_tokens), sum(completion_tokens), sum(credits), sum(seconds)
FROM usage
WHERE day >= :since AND day < :until AND (:caller IS NULL OR caller = :caller)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- name: spent
-- Requests count from when they were let in, and what they used from when they ended.
SELECT
    model, sum(requests_minute), sum(requests_day), sum(tokens_minute), sum(tokens_day), sum(credits_month)
FROM (
    SELECT
        model,
        accepted_at >= :minute AS requests_minute,
        1 AS requests_day,
        CASE WHEN ended_at >= :minute THEN coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) ELSE 0 END AS tokens_minute,
        0 AS tokens_day,
        0.0 AS credits_month
    FROM runs WHERE caller = :caller AND accepted_at >= :day * 86400.0 AND accepted_at < (:day + 1) * 86400.0
    UNION ALL
    SELECT
        model, 0, 0, 0,
        CASE WHEN day = :day THEN coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) ELSE 0 END,
        coalesce(credits, 0)
    FROM usage WHERE day >= :month AND day <= :day AND caller = :caller
)
GROUP BY model;
