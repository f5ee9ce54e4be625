-- name: sums
SELECT
    CASE WHEN $4 THEN day END,
    CASE WHEN $5 THEN model END,
    CASE WHEN $6 THEN caller END,
    CASE WHEN $6 THEN (SELECT name FROM keys WHERE id = min(caller)) END,
    sum(runs)::bigint,
    coalesce(sum(runs) FILTER (WHERE state = 'finished'), 0)::bigint,
    coalesce(sum(runs) FILTER (WHERE state = 'canceled'), 0)::bigint,
    sum(prompt_tokens)::bigint, sum(completion_tokens)::bigint, sum(credits), sum(seconds)
FROM usage
WHERE day >= $1 AND day < $2 AND ($3::text IS NULL OR caller = $3)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
