package locale

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// read reads a file of texts. The files are YAML of the plainest kind, one line a text:
//
//	key: [中文, "English, quoted because of its comma"]
//
// and nothing else is accepted. A reader of all of YAML takes a hundred times as long, at every start of the program;
// a test holds this one against it.
func read(file, text string, add func(key string, v [2]string)) error {
	for n, line := range strings.Split(text, "\n") {
		if t := strings.TrimSpace(line); t == "" || t[0] == '#' {
			continue
		}
		key, v, err := entry(line)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", file, n+1, err)
		}
		add(key, v)
	}
	return nil
}

var errEntry = errors.New("a text is written key: [中文, English]")

func entry(line string) (key string, v [2]string, err error) {
	key, rest, ok := strings.Cut(strings.TrimRight(line, " "), ": [")
	if !ok || key == "" || strings.ContainsAny(key, " \t\"'") || !strings.HasSuffix(rest, "]") {
		return "", v, errEntry
	}
	rest = strings.TrimSuffix(rest, "]")
	if v[0], rest, err = scalar(rest); err != nil {
		return key, v, err
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), ",")
	if !ok {
		return key, v, errEntry
	}
	if v[1], rest, err = scalar(rest); err == nil && strings.TrimSpace(rest) != "" {
		err = errEntry
	}
	return key, v, err
}

// scalar reads one text: in double quotes, or plain up to the next comma.
func scalar(s string) (text, rest string, err error) {
	s = strings.TrimLeft(s, " ")
	if strings.HasPrefix(s, `"`) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", "", errEntry
		}
		text, err = strconv.Unquote(q)
		return text, s[len(q):], err
	}
	end := strings.IndexByte(s, ',')
	if end < 0 {
		end = len(s)
	}
	text = strings.TrimRight(s[:end], " ")
	if text == "" || strings.ContainsAny(text, "[]{}\"") || strings.ContainsAny(text[:1], "&*!|>%@`'#?-") || strings.Contains(text, ": ") || strings.Contains(text, " #") {
		return "", "", errors.New("this text needs double quotes: " + text)
	}
	return text, s[end:], nil
}
