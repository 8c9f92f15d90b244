<?php
// Repaint a picture with Appy Pie, by curl: php appypie_curl.php INPUT_URL OUTPUT.
// The key: APPYPIE_SUBSCRIPTION_KEY. Needs the extension curl.

[, $source, $target] = $argv;
$curl = curl_init('https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage');
curl_setopt_array($curl, [
    CURLOPT_POST => true,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 120,
    CURLOPT_HTTPHEADER => [
        'Content-Type: application/json',
        'Ocp-Apim-Subscription-Key: ' . getenv('APPYPIE_SUBSCRIPTION_KEY'),
    ],
    CURLOPT_POSTFIELDS => json_encode([
        'prompt' => 'A harbour at dusk, oil on canvas',
        'inputImage' => $source,
        'size' => '512x512',
    ]),
]);
$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
$said = json_decode($answer, true);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    fwrite(STDERR, "Appy Pie said {$said['code']}: {$said['message']}\n");
    exit(1);
}
file_put_contents($target, base64_decode($said['image_data'], true));
echo "$target: {$said['content-length']} bytes\n";
