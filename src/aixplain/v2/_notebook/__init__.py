"""What a notebook shows of pages, models, inputs, results and streams: HTML without scripts, loaded by who shows one."""
