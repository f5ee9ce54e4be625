"""Commands that people know from other tools, and those of `aix` that do it. Read when a command is not found."""

from __future__ import annotations

#: The group ("" for `aix` itself) -> a word that is no command there -> what to type.
GUESSES: dict[str, dict[str, str]] = {
    "": {
        **dict.fromkeys(("serve", "server", "start", "up", "daemon", "hubs"), "aix hub serve"),
        **dict.fromkeys(("list", "ls", "models", "model", "find", "catalog", "catalogue", "discover", "browse"), "aix search"),
        **dict.fromkeys(("info", "get", "describe", "inspect", "help-model", "details", "card"), "aix show"),
        **dict.fromkeys(("ask", "call", "exec", "execute", "invoke", "predict", "generate", "complete", "prompt"), "aix run"),
        **dict.fromkeys(("transcribe", "translate", "summarize", "summarise", "embed", "speak", "infer"), "aix run"),
        **dict.fromkeys(("talk", "repl", "conversation", "converse"), "aix chat"),
        **dict.fromkeys(("ps", "status", "jobs", "queue", "history"), "aix runs list"),
        **dict.fromkeys(("stop", "cancel", "kill", "abort"), "aix runs cancel"),
        **dict.fromkeys(("attach", "watch", "wait", "poll", "result"), "aix runs attach"),
        **dict.fromkeys(("logs", "log", "output"), "aix runs show"),
        **dict.fromkeys(("retry", "rerun"), "aix runs retry"),
        **dict.fromkeys(("login", "auth", "signin", "configure", "init", "setup"), "aix config set api_key"),
        **dict.fromkeys(("logout", "signout"), "aix config unset api_key"),
        **dict.fromkeys(("settings", "whoami", "env", "profile", "profiles"), "aix config show"),
        **dict.fromkeys(("key", "token", "tokens", "users"), "aix keys list"),
        **dict.fromkeys(("pull", "add", "install", "import", "register", "connect"), "aix hub add"),
        **dict.fromkeys(("rm", "remove", "delete", "uninstall", "rmi"), "aix hub remove"),
        **dict.fromkeys(("upstreams", "providers"), "aix hub upstreams"),
        **dict.fromkeys(("backup", "export", "dump"), "aix hub backup"),
        **dict.fromkeys(("alias", "route"), "aix hub alias"),
        "worker": "aix hub worker",
        **dict.fromkeys(("batch", "foreach", "bulk", "apply"), "aix map"),
        **dict.fromkeys(("diff", "vs", "benchmark", "arena"), "aix compare"),
        **dict.fromkeys(("cost", "costs", "stats", "billing", "credits"), "aix usage"),
        **dict.fromkeys(("check", "ping", "health", "diagnose", "test"), "aix doctor"),
        **dict.fromkeys(("tour", "quickstart", "example", "tutorial"), "aix demo"),
        "completions": "aix completion",
        **dict.fromkeys(("help", "commands", "usage-help", "man"), "aix --help"),
        "version": "aix --version",
    },
    "hub": {
        **dict.fromkeys(("start", "run", "up", "server"), "aix hub serve"),
        **dict.fromkeys(("list", "ls", "providers"), "aix hub upstreams"),
        **dict.fromkeys(("rm", "delete", "unalias"), "aix hub remove"),
        **dict.fromkeys(("pull", "install", "connect", "register"), "aix hub add"),
        **dict.fromkeys(("keys", "key"), "aix keys list"),
        "usage": "aix usage",
        **dict.fromkeys(("runs", "ps"), "aix runs list"),
        **dict.fromkeys(("search", "models"), "aix search"),
        **dict.fromkeys(("check", "status", "health", "ping"), "aix hub doctor"),
        **dict.fromkeys(("prices", "pricing"), "aix hub sync-prices"),
        **dict.fromkeys(("dump", "export"), "aix hub backup"),
    },
    "keys": {
        **dict.fromkeys(("add", "new", "make", "generate", "mint"), "aix keys create"),
        **dict.fromkeys(("ls", "show", "get", "all"), "aix keys list"),
        **dict.fromkeys(("rm", "remove", "delete", "end", "disable", "del"), "aix keys revoke"),
    },
    "runs": {
        **dict.fromkeys(("ls", "ps", "all"), "aix runs list"),
        **dict.fromkeys(("get", "info", "inspect", "logs", "result"), "aix runs show"),
        **dict.fromkeys(("watch", "wait", "follow", "poll"), "aix runs attach"),
        **dict.fromkeys(("stop", "kill", "rm", "delete", "abort"), "aix runs cancel"),
        **dict.fromkeys(("rerun", "repeat", "again"), "aix runs retry"),
    },
    "config": {
        **dict.fromkeys(("get", "ls", "print", "cat"), "aix config show"),
        **dict.fromkeys(("add", "put", "edit", "init"), "aix config set"),
        **dict.fromkeys(("rm", "remove", "delete"), "aix config unset"),
        **dict.fromkeys(("profiles",), "aix config list"),
        **dict.fromkeys(("switch", "select", "profile"), "aix config use"),
        **dict.fromkeys(("file", "where"), "aix config path"),
    },
}


def meant_by(group: str, word: str) -> str | None:
    """Return the command that a word which is none stands for, as it is typed."""
    return GUESSES.get(group, {}).get(word.lower().replace("_", "-"))
