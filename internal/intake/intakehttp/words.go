package intakehttp

import "qianshao/internal/locale"

func t(lang, key string, args ...string) string { return locale.T(lang, key, args...) }
