package text

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// Pinyin is the stored key that Chinese names are ordered by: syllables without tones; other characters as they are.
func Pinyin(s string) string {
	full, _ := syllables(s)
	return strings.Join(full, " ")
}

// Initials is the first letter of each syllable, for finding a unit by what people type fastest.
func Initials(s string) string {
	_, first := syllables(s)
	return strings.Join(first, "")
}

var args = pinyin.NewArgs()

func syllables(s string) (full, first []string) {
	for _, r := range Fold(s) {
		p := pinyin.SinglePinyin(r, args)
		if len(p) == 0 || p[0] == "" {
			if r != ' ' {
				full, first = append(full, string(r)), append(first, string(r))
			}
			continue
		}
		full, first = append(full, p[0]), append(first, p[0][:1])
	}
	return full, first
}
