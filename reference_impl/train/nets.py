"""The networks, untrained: stock diffusers and transformers classes, made small.

Sizes, for a picture of 64 × 64: latents of 4 × 16 × 16; texts of 77 tokens, 64 numbers each.
The UNet has nine channels in: latents, mask, latents of the picture kept (the last five are
zero where nothing is masked, so that the first four alone make an img2img UNet). Texts reach
it through `addition_embed_type="text"`: pooled by attention and added to the time's embedding,
which every block scales and shifts by.

Knows shapes and settings. Must not know data, losses or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

TEXT_WIDTH: Final = 64
TOKENS: Final = 77
LATENT_SIDE: Final = 16
START, END = "<|startoftext|>", "<|endoftext|>"
NOISE: Final = {
    "num_train_timesteps": 1000,
    "beta_start": 1e-4,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "steps_offset": 1,
}
"""What every scheduler is told. The linear betas leave next to nothing of a picture at the end."""


def tokenizer(words: Sequence[str]) -> CLIPTokenizer:
    """A CLIP tokenizer of all bytes, and of one chain of merges for each of `words`."""
    letters = sorted(ByteLevel.alphabet())
    names = [*letters, *(letter + "</w>" for letter in letters)]
    merges: list[tuple[str, str]] = []
    for word in words:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            pair = (pieces[0], pieces[1])
            if pair not in merges:
                merges.append(pair)
            pieces = ["".join(pair), *pieces[2:]]
    names += ["".join(pair) for pair in merges]
    names = [*dict.fromkeys(names), START, END]
    vocab = {name: number for number, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=TOKENS)


def text_encoder(tokens: CLIPTokenizer) -> CLIPTextModel:
    """Two causal layers."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokens),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            bos_token_id=tokens.bos_token_id,
            eos_token_id=tokens.eos_token_id,
            pad_token_id=tokens.pad_token_id,
        )
    )


def autoencoder() -> AutoencoderTiny:
    """Four to one each way, without normalisation, which would blur flat colours together."""
    return AutoencoderTiny(
        encoder_block_out_channels=(32, 32, 32),
        decoder_block_out_channels=(32, 32, 32),
        num_encoder_blocks=(0, 1, 2),
        num_decoder_blocks=(2, 2, 0),
        latent_channels=4,
    )


def unet() -> UNet2DConditionModel:
    """Three levels: 48 channels at 16 × 16, 96 at 8 × 8, 128 at 4 × 4."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=9,
        out_channels=4,
        block_out_channels=(48, 96, 128),
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
        mid_block_type="UNetMidBlock2D",
        norm_num_groups=8,
        cross_attention_dim=TEXT_WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=8,
        resnet_time_scale_shift="scale_shift",
    )


def scheduler() -> DDIMScheduler:
    """The scheduler that training takes its noise from."""
    return DDIMScheduler(**NOISE, clip_sample=False, set_alpha_to_one=False)
