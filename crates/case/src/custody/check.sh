n=0 prev=0000000000000000000000000000000000000000000000000000000000000000
while IFS= read -r line; do
  n=$((n + 1))
  hash=$(printf '%s}' "${line%,\"hash\":*}" | sha256sum | cut -c1-64)
  printf '%s' "$line" | jq -e --arg p "$prev" --arg h "$hash" --argjson n "$n" \
    '.prev == $p and .hash == $h and .seq == $n' > /dev/null || { echo "line $n is not as it was written"; exit 1; }
  prev=$hash
done < custody.jsonl
echo "$n records, the last hash is $prev"
