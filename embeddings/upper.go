package embeddings

import "strings"

// upper is Unicode's full mapping to upper case, which Python has too:
// strings.ToUpper maps letter by letter and leaves ß. Sets for evaluation are
// compared in upper case, as gensim does.
func upper(word string) string {
	for i := range len(word) {
		if word[i] >= 0x80 {
			return strings.ToUpper(longUpper.Replace(word))
		}
	}
	return strings.ToUpper(word)
}

// longUpper are the letters that become several, from Unicode's SpecialCasing.txt.
var longUpper = strings.NewReplacer(strings.Fields(
	"ß SS ŉ ʼN ǰ J̌ ΐ Ϊ́ ΰ Ϋ́ և ԵՒ ẖ H̱ ẗ T̈ ẘ W̊ ẙ Y̊ ẚ Aʾ ὐ Υ̓ ὒ Υ̓̀ ὔ Υ̓́ ὖ Υ̓͂ ᾀ ἈΙ ᾁ ἉΙ ᾂ ἊΙ ᾃ ἋΙ " +
		"ᾄ ἌΙ ᾅ ἍΙ ᾆ ἎΙ ᾇ ἏΙ ᾈ ἈΙ ᾉ ἉΙ ᾊ ἊΙ ᾋ ἋΙ ᾌ ἌΙ ᾍ ἍΙ ᾎ ἎΙ ᾏ ἏΙ ᾐ ἨΙ ᾑ ἩΙ ᾒ ἪΙ ᾓ ἫΙ ᾔ ἬΙ ᾕ ἭΙ ᾖ ἮΙ ᾗ ἯΙ " +
		"ᾘ ἨΙ ᾙ ἩΙ ᾚ ἪΙ ᾛ ἫΙ ᾜ ἬΙ ᾝ ἭΙ ᾞ ἮΙ ᾟ ἯΙ ᾠ ὨΙ ᾡ ὩΙ ᾢ ὪΙ ᾣ ὫΙ ᾤ ὬΙ ᾥ ὭΙ ᾦ ὮΙ ᾧ ὯΙ ᾨ ὨΙ ᾩ ὩΙ ᾪ ὪΙ ᾫ ὫΙ " +
		"ᾬ ὬΙ ᾭ ὭΙ ᾮ ὮΙ ᾯ ὯΙ ᾲ ᾺΙ ᾳ ΑΙ ᾴ ΆΙ ᾶ Α͂ ᾷ Α͂Ι ᾼ ΑΙ ῂ ῊΙ ῃ ΗΙ ῄ ΉΙ ῆ Η͂ ῇ Η͂Ι ῌ ΗΙ ῒ Ϊ̀ ΐ Ϊ́ ῖ Ι͂ " +
		"ῗ Ϊ͂ ῢ Ϋ̀ ΰ Ϋ́ ῤ Ρ̓ ῦ Υ͂ ῧ Ϋ͂ ῲ ῺΙ ῳ ΩΙ ῴ ΏΙ ῶ Ω͂ ῷ Ω͂Ι ῼ ΩΙ ﬀ FF ﬁ FI ﬂ FL ﬃ FFI ﬄ FFL ﬅ ST " +
		"ﬆ ST ﬓ ՄՆ ﬔ ՄԵ ﬕ ՄԻ ﬖ ՎՆ ﬗ ՄԽ ")...)
