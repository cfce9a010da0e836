package main

import (
	"fmt"
	"os"
)

func Example() {
	if err := lookUp(os.Stdout, "vectors.txt", []string{"king", "ship"}); err != nil {
		fmt.Println(err)
	}
	err := lookUp(os.Stdout, "vectors.txt", []string{"shop"})
	fmt.Println(err)
	// Output:
	// king [0.9 0.8 0.1]
	//   prince   0.995
	//   queen    0.983
	// ship [0.2 0.1 1]
	//   harbour  0.989
	//   queen    0.455
	// vectors.txt: word "shop" is not among the 5 words; nearest spelling: "ship"
}
