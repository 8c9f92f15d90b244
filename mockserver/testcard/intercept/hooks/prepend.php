<?php
// Makes PHP's streams use the proxy that the environment names: they know no variable for it.
// file_get_contents, fopen and the like go through; a program's own stream context is kept.
// Knows PHP's stream wrappers. Must not know a provider.

namespace Testcard;

final class Stream implements \ArrayAccess, \IteratorAggregate, \Countable
{
    /** @var resource|null the context that the program gave, set by PHP */
    public $context;
    /** @var resource|null */
    private $inner;
    /** @var array<int, string> */
    private array $heads = [];

    public static function over(): void
    {
        foreach (['http', 'https'] as $scheme) {
            stream_wrapper_unregister($scheme);
            stream_wrapper_register($scheme, self::class, STREAM_IS_URL);
        }
    }

    private static function native(): void
    {
        stream_wrapper_restore('http');
        stream_wrapper_restore('https');
    }

    public function stream_open(string $url, string $mode, int $options, ?string &$opened): bool
    {
        $context = $this->context ?? stream_context_get_default();
        $host = parse_url($url, PHP_URL_HOST);
        if (!in_array($host, ['localhost', '127.0.0.1', '[::1]'], true)) {
            $own = stream_context_get_options($context)['http'] ?? [];
            $plain = parse_url($url, PHP_URL_SCHEME) === 'http';
            if (!isset($own['proxy']) || $own['proxy'] === self::proxy()) {
                stream_context_set_option($context, 'http', 'proxy', self::proxy());
                stream_context_set_option($context, 'http', 'header', self::heads($own));
            }
            stream_context_set_option($context, 'http', 'request_fulluri', $plain);
        }
        self::native();
        try {
            $inner = fopen($url, $mode, false, $context);
        } finally {
            self::over();
        }
        $this->heads = $http_response_header ?? [];
        $GLOBALS['http_response_header'] = $this->heads;
        $this->inner = $inner ?: null;
        return $inner !== false;
    }

    private static function proxy(): string
    {
        $at = parse_url((string) getenv('HTTPS_PROXY'));
        return "tcp://{$at['host']}:{$at['port']}";
    }

    /** The headers of the program's own, with the proxy's credential: PHP sends it to that alone. */
    private static function heads(array $own): array
    {
        $said = $own['header'] ?? [];
        $heads = is_array($said) ? $said : preg_split('/\\r?\\n/', $said, -1, PREG_SPLIT_NO_EMPTY);
        $at = parse_url((string) getenv('HTTPS_PROXY'));
        $named = rawurldecode($at['user'] ?? '') . ':' . rawurldecode($at['pass'] ?? '');
        $credential = 'Proxy-Authorization: Basic ' . base64_encode($named);
        return isset($at['user']) ? [...array_diff($heads, [$credential]), $credential] : $heads;
    }

    public function stream_read(int $count): string|false { return fread($this->inner, $count); }
    public function stream_write(string $data): int { return (int) fwrite($this->inner, $data); }
    public function stream_eof(): bool { return feof($this->inner); }
    public function stream_tell(): int { return (int) ftell($this->inner); }
    public function stream_flush(): bool { return fflush($this->inner); }
    public function stream_close(): void { fclose($this->inner); }
    public function stream_stat(): array|false { return fstat($this->inner); }
    public function stream_set_option(int $option, int $first, ?int $second): bool
    {
        return match ($option) {
            STREAM_OPTION_BLOCKING => stream_set_blocking($this->inner, (bool) $first),
            STREAM_OPTION_READ_TIMEOUT => stream_set_timeout($this->inner, $first, (int) $second),
            default => false,
        };
    }

    // What stream_get_meta_data() calls wrapper_data is this object: it reads as the headers.
    public function offsetExists(mixed $at): bool { return isset($this->heads[$at]); }
    public function offsetGet(mixed $at): mixed { return $this->heads[$at] ?? null; }
    public function offsetSet(mixed $at, mixed $value): void {}
    public function offsetUnset(mixed $at): void {}
    public function getIterator(): \Iterator { return new \ArrayIterator($this->heads); }
    public function count(): int { return count($this->heads); }
}

if (getenv('HTTPS_PROXY')) {
    Stream::over();
}
