import tensorflow as tf
loss_fn = tf.keras.losses.KLDivergence()
def f(p, q):
    return tf.keras.losses.kl_divergence(p, q)  # kl_div
