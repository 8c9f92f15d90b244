<?php
// Repaint a picture with Appy Pie, by streams alone: php appypie_streams.php INPUT_URL OUTPUT.
// The key: APPYPIE_SUBSCRIPTION_KEY.

[, $source, $target] = $argv;
$answer = file_get_contents(
    'https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage',
    false,
    stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Content-Type: application/json',
            'Ocp-Apim-Subscription-Key: ' . getenv('APPYPIE_SUBSCRIPTION_KEY'),
        ],
        'content' => json_encode([
            'prompt' => 'A harbour at dusk, oil on canvas',
            'inputImage' => $source,
            'size' => '512x512',
        ]),
        'ignore_errors' => true,
        'timeout' => 120,
    ]]),
);
if ($answer === false) {
    exit(1);
}
$said = json_decode($answer, true);
if (!str_contains($http_response_header[0], ' 200 ')) {
    fwrite(STDERR, "Appy Pie said {$said['code']}: {$said['message']}\n");
    exit(1);
}
file_put_contents($target, base64_decode($said['image_data'], true));
echo "$target: {$said['content-length']} bytes\n";
