package shard

// FNV-1a with 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// HashText is the hash of a document's text that shards keep: FNV-1a with 64 bits.
func HashText(text []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range text {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// hashLanes texts are hashed at once.
const hashLanes = 4

// appendHashes appends HashText of each text; they follow one another and end at ends. Each byte of a text waits for the product of the one before,
// so that a processor that hashes one text does nothing most of the time: several texts take hardly longer than one.
func appendHashes(dst []uint64, text []byte, ends []int) []uint64 {
	base := len(dst)
	for range ends {
		dst = append(dst, fnvOffset)
	}
	hashes := dst[base:]
	var lanes [hashLanes]struct{ at, end, text int }
	next := 0
	for {
		// A lane whose text is done takes the next one.
		n := len(text)
		for i := range lanes {
			l := &lanes[i]
			for l.at == l.end && next < len(ends) {
				if l.end, l.text = ends[next], next; next > 0 {
					l.at = ends[next-1]
				}
				next++
			}
			n = min(n, l.end-l.at)
		}
		if n == 0 { // there are fewer texts left than lanes
			break
		}
		a, b, c, d := &lanes[0], &lanes[1], &lanes[2], &lanes[3]
		ha, hb, hc, hd := hashes[a.text], hashes[b.text], hashes[c.text], hashes[d.text]
		ta, tb, tc, td := text[a.at:][:n], text[b.at:][:n], text[c.at:][:n], text[d.at:][:n]
		for i := range ta {
			ha = (ha ^ uint64(ta[i])) * fnvPrime
			hb = (hb ^ uint64(tb[i])) * fnvPrime
			hc = (hc ^ uint64(tc[i])) * fnvPrime
			hd = (hd ^ uint64(td[i])) * fnvPrime
		}
		hashes[a.text], hashes[b.text], hashes[c.text], hashes[d.text] = ha, hb, hc, hd
		for i := range lanes {
			lanes[i].at += n
		}
	}
	for _, l := range lanes {
		if l.at == l.end {
			continue
		}
		h := hashes[l.text]
		for _, c := range text[l.at:l.end] {
			h = (h ^ uint64(c)) * fnvPrime
		}
		hashes[l.text] = h
	}
	return dst
}
